import { describe, expect, test } from "vitest";
import { adamwDefaults } from "../define/train/adamw";
import { trainStep } from "../define/train/trainStep";
import { stepGraph } from "../ir/graph";
import type { Tensor } from "../ir/tensor";
import { toyModel } from "../run/toyModel";
import { f32 } from "../trace/signature";
import { trace, traceScan } from "../trace/trace";
import { lower } from "./lower";
import { bytesOf, memoryPlan, scanMemoryPlan } from "./memoryPlan";
import { schedule } from "./schedule";

const kilobyte = f32([256]);

describe("the memory plan of a graph", () => {
  test("of a chain: the input, and two values at a time", () => {
    const chain = trace("chain", { x: kilobyte }, ({ x }) => ({ y: x.exp().sin().cos().neg() }));
    const { peakBytes, inputBytes, valueBytes } = memoryPlan(chain);
    expect({ peakBytes, inputBytes, valueBytes }).toEqual({ peakBytes: 3072, inputBytes: 1024, valueBytes: 2048 });
  });

  test("holds a value until its last use", () => {
    // exp stays for the product at the end, beside the two of the chain.
    const skip = trace("skip", { x: kilobyte }, ({ x }) => {
      const kept = x.exp();
      return { y: kept.mul(kept.sin().cos().neg()) };
    });
    const { valueBytes, live, peakNode } = memoryPlan(skip);
    expect(valueBytes).toBe(3 * 1024);
    expect(live.map(({ node }) => node.op)).toContain("exp");
    expect(peakNode.op).toBe("cos");
  });

  test("a reshape takes no memory and keeps what it shows alive", () => {
    const shown = trace("shown", { x: kilobyte }, ({ x }) => {
      const kept = x.exp();
      const view = kept.reshape([16, 16]);
      return { y: view.sin().add(view) };
    });
    const plain = trace("plain", { x: kilobyte }, ({ x }) => {
      const kept = x.exp();
      return { y: kept.sin().add(kept) };
    });
    expect(memoryPlan(shown).peakBytes).toBe(memoryPlan(plain).peakBytes);
    expect(memoryPlan(shown).valueBytes).toBe(3 * 1024);
  });

  test("tells weights from inputs, counts constants, and takes bytes from the dtypes", () => {
    const graph = trace("product", { w: f32([256, 8]), x: f32([4, 256]) }, ({ w, x }) => ({
      y: x.matmul(w).add(1).less(0),
    }));
    const { weightBytes, inputBytes, valueBytes } = memoryPlan(graph, { constants: ["w"] });
    expect(weightBytes).toBe(256 * 8 * 4 + 4 + 4);
    expect(inputBytes).toBe(4 * 256 * 4);
    expect(valueBytes).toBe(2 * 4 * 8 * 4);
  });

  test("adds the workspace of a kernel where it runs", () => {
    const chain = trace("chain", { x: kilobyte }, ({ x }) => ({ y: x.exp().sin().cos() }));
    const plan = memoryPlan(chain, { workspaceBytes: (node) => (node.op === "exp" ? 5000 : 0) });
    expect(plan.valueBytes).toBe(1024 + 5000);
    expect(plan.peakNode.op).toBe("exp");
  });

  test("shows rows of a bound weight without a copy", () => {
    const graph = trace("rows", { w: f32([512, 8]), x: f32([1, 8]) }, ({ w, x }) => ({
      y: x.matmul(w.slice(0, 0, 256), { transposeB: true }),
    }));
    expect(memoryPlan(graph, { constants: ["w"] }).valueBytes).toBe(256 * 4);
    expect(memoryPlan(graph).valueBytes).toBe(256 * 4 + 256 * 8 * 4);
  });

  test("is the most that any position of a train step needs, counted anew at each", () => {
    const step = lower(stepGraph(trainStep(toyModel, { batchSize: 2, adamw: adamwDefaults })), new Set());
    const { order, outputs } = schedule(step);
    const home = (x: Tensor): Tensor =>
      ["reshape", "stopGradient", "barrier"].includes(x.op) ? home(x.inputs[0]!) : x;
    const at = order.map((_, i) => {
      const needed = [...order.slice(i).flatMap((node) => node.inputs), ...outputs, order[i]!].map(home);
      const alive = new Set(needed.filter((x) => order.indexOf(x) <= i && x.op !== "input" && x.op !== "constant"));
      return [...alive].reduce((sum, x) => sum + bytesOf(x), 0);
    });
    const { valueBytes, peakNode, live } = memoryPlan(step);
    expect(valueBytes).toBe(Math.max(...at));
    expect(order.indexOf(peakNode)).toBe(at.indexOf(valueBytes));
    expect(live.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(valueBytes);
  });
});

describe("the memory plan of a scan", () => {
  const signature = { constants: { w: kilobyte }, carry: { x: kilobyte }, xs: { u: kilobyte } };
  const scan = traceScan("recurrence", signature, ({ constants: { w }, carry: { x }, xs: { u } }) => ({
    carry: { x: x.mul(w).add(u) },
    ys: { sum: x.sum() },
  }));

  test("holds the stacked inputs and outputs, and a second carry from the second step on", () => {
    const [one, three] = [scanMemoryPlan(scan, 1), scanMemoryPlan(scan, 3)];
    expect(one.weightBytes).toBe(1024);
    expect([one.stateBytes, three.stateBytes]).toEqual([1024, 2048]);
    expect([one.inputBytes, three.inputBytes]).toEqual([1028, 3 * 1028]);
    expect(one.valueBytes).toBe(three.valueBytes);
  });
});
