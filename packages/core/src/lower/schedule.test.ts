import { describe, expect, test } from "vitest";
import { nodesOf } from "../ir/graph";
import type { F32 } from "../ir/tensor";
import { f32 } from "../trace/signature";
import { trace } from "../trace/trace";
import { schedule } from "./schedule";

const diamond = trace("diamond", { x: f32([4]) }, ({ x }) => {
  const [left, right] = [x.exp(), x.sin()];
  return { sum: left.add(right), left };
});

describe("a schedule", () => {
  test("has every node once, each after its inputs", () => {
    const { order } = schedule(diamond);
    expect(new Set(order)).toEqual(new Set(nodesOf(diamond)));
    order.forEach((node, i) => {
      for (const x of node.inputs) expect(order.indexOf(x)).toBeLessThan(i);
    });
  });

  test("ends each value's life at its last use, and an output's never", () => {
    const { order, deaths } = schedule(diamond);
    const died = order.map((node, i) => `${node.op}: ${deaths[i]!.map(({ op }) => op)}`);
    expect(died).toEqual(["input: ", "sin: ", "exp: input", "add: sin"]);
  });

  test("a value that is read twice by one node dies once", () => {
    const square = trace("square", { x: f32([4]) }, ({ x }) => ({ y: x.exp().square() }));
    expect(schedule(square).deaths.map((dying) => dying.length)).toEqual([0, 1, 1]);
  });

  test("makes what the newest output needs first, so that weight gradients are not kept waiting", () => {
    // Two "weight gradients" made of a backward chain; the norm is asked for last, as in a train step.
    const chain = trace("chain", { g: f32([4]) }, ({ g }) => {
      const [g1, g2]: [F32, F32] = [g.sin(), g.sin().cos()];
      const [w0, w1] = [g1.exp(), g2.exp()];
      return { w0: w0.neg(), w1: w1.neg(), norm: w1.square().add(w0.square()).sum() };
    });
    const ops = schedule(chain).order.map(({ op }) => op);
    expect(ops.indexOf("reduceSum")).toBeLessThan(ops.indexOf("neg"));
  });
});
