import { describe, expect, test } from "vitest";
import { stepGraph, withStep } from "../ir/graph";
import { verifyScan } from "../ir/verify";
import { lowerScan } from "../lower/lower";
import { f32, i32 } from "./signature";
import { trace, traceScan } from "./trace";

describe("trace", () => {
  const signature = { params: { layers: [{ weight: f32([2]) }] }, x: f32([2]), n: i32([]) };

  test("names inputs and outputs by their paths in the trees", () => {
    const graph = trace("g", signature, ({ params, x, n }) => ({
      parts: [x.mul(params.layers[0]!.weight)],
      total: { sum: x.sum(), count: n },
    }));
    expect(graph.inputs.map(({ name }) => name)).toEqual(["params.layers.0.weight", "x", "n"]);
    expect(graph.outputs.map(({ name }) => name)).toEqual(["parts.0", "total.sum", "total.count"]);
    expect(graph.inputs.map(({ tensor }) => tensor.dtype)).toEqual(["f32", "f32", "i32"]);
  });

  test("names what is no tensor among the outputs", () => {
    expect(() => trace("g", signature, ({ x }) => ({ x, steps: 3 }))).toThrow("steps is neither leaf nor branch");
  });
});

describe("a scan", () => {
  const signature = { constants: { w: f32([]) }, carry: { x: f32([2]) }, xs: { u: f32([2]) } };
  const scan = traceScan("sum", signature, ({ constants: { w }, carry: { x }, xs: { u } }) => ({
    carry: { x: x.mul(w).mul(1).add(u) },
    ys: { u, before: x },
  }));

  test("has one graph per step, whose outputs tell the next carry from the stacked outputs", () => {
    const step = stepGraph(scan);
    expect(step.inputs.map(({ name }) => name)).toEqual(["w", "x", "u"]);
    expect(step.outputs.map(({ name }) => name)).toEqual(["next.x", "u", "before"]);
  });

  test("takes a changed step back", () => {
    expect(withStep(scan, stepGraph(scan))).toEqual(scan);
  });

  test("is lowered step by step, its ports kept", () => {
    const lowered = lowerScan(scan, new Set());
    expect(() => verifyScan(lowered)).not.toThrow();
    expect(lowered.carry).toBe(scan.carry);
    expect(lowered.nextCarry[0]!.tensor.inputs.map(({ op }) => op)).toEqual(["mul", "input"]);
    expect(lowered.ys.map(({ name, tensor }) => [name, tensor])).toEqual(
      scan.ys.map(({ name, tensor }) => [name, tensor]),
    );
  });
});
