import { describe, expect, test } from "vitest";
import { apply } from "../ir/apply";
import { constantF32, gelu, input, scalar, select } from "../ir/create";
import { nodesOf } from "../ir/graph";
import { inScope } from "../ir/scope";
import type { F32, Tensor } from "../ir/tensor";
import { compute } from "../run/reference/compute";
import { backward } from "./backward";

const x = input("x", { dtype: "f32", shape: [3] });
const y = input("y", { dtype: "f32", shape: [3] });
const one = scalar(1, "f32");
const valuesOf = (tensor: Tensor) => [
  ...compute(
    [tensor],
    new Map([
      [x, [1, 2, 3]],
      [y, [4, 5, 6]],
    ]),
  )[0]!,
];
const gradient = (f: F32, wrt: F32) => valuesOf(backward(f, one, [wrt])[0]!);

// Each operation's own rule is checked in packages/testkit/src/conformance/gradients.test.ts.
describe("backward", () => {
  test("multiplies what follows by the seed", () => {
    expect(valuesOf(backward(x.mul(2), constantF32([3], [1, 10, 100]), [x])[0]!)).toEqual([2, 20, 200]);
  });

  test("of a tensor with respect to itself is the seed", () => {
    expect(backward(x, y, [x])).toEqual([y]);
  });

  test("gives zeros where the output does not depend on a tensor", () => {
    expect(gradient(x.sum(), y)).toEqual([0, 0, 0]);
  });

  test("of a composite that reads a tensor twice counts each use once", () => {
    const images = input("images", { dtype: "f32", shape: [1, 2, 1, 2] });
    const both = input("both", { dtype: "f32", shape: [2] });
    const f = (apply("groupNorm", [images, both, both], { groups: 1, epsilon: 0 }) as F32).mul(images).sum();
    const values = new Map([
      [images, [0, 1, 2, 3]],
      [both, [1, 2]],
    ]);
    // Of scale and shift: the images' products with the normed images, and with ones.
    const [scale, shift] = [
      [-0.4472136, 4.9193496],
      [1, 5],
    ];
    const [found] = compute(backward(f, one, [both]), values);
    found!.forEach((value, i) => {
      expect(value).toBeCloseTo(scale![i]! + shift![i]!, 6);
    });
  });

  test("adds up the gradients of every use", () => {
    expect(gradient(x.mul(x).mul(x).sum(), x)).toEqual([3, 12, 27]);
  });

  test("stops at the tensors asked for, whatever they were made from", () => {
    const squared = x.square();
    const [bySquared, byX] = backward(squared.mul(y).sum(), one, [squared, x]);
    expect(valuesOf(bySquared!)).toEqual([4, 5, 6]);
    expect(valuesOf(byX!)).toEqual([0, 0, 0]);
  });

  test("does not pass stopGradient, floor, comparisons, or casts to integers", () => {
    const cut = x.stopGradient().add(x.floor()).add(x.cast("i32").cast("f32")).add(x.less(y).cast("f32"));
    expect(gradient(cut.sum(), x)).toEqual([0, 0, 0]);
  });

  test("follows the branch that a condition selects, not the condition", () => {
    expect(gradient(select(x.less(2), x.mul(10), x.mul(20)).sum(), x)).toEqual([10, 20, 20]);
  });

  test("gives a tie of max and min to the first operand", () => {
    const two = constantF32([3], [2, 2, 2]);
    expect(gradient(x.max(two).sum(), x)).toEqual([0, 1, 1]);
    expect(gradient(two.max(x).sum(), x)).toEqual([0, 0, 1]);
    expect(gradient(x.min(two).sum(), x)).toEqual([1, 1, 0]);
  });

  test("shares the gradient of a largest element among those that tie", () => {
    expect(gradient(x.min(2).amax(), x)).toEqual([0, 0.5, 0]);
  });

  test("of a composite by its own rule is that of its decomposition", () => {
    const byRule = gradient(gelu(x).sum(), x);
    const u = x
      .square()
      .mul(0.044715)
      .add(1)
      .mul(x)
      .mul(Math.sqrt(2 / Math.PI));
    const byHand = gradient(x.mul(u.tanh().add(1)).mul(0.5).sum(), x);
    byRule.forEach((value, i) => {
      expect(value).toBeCloseTo(byHand[i]!, 6);
    });
  });

  test("makes nodes in the model path of what they are the gradient of", () => {
    const f = inScope("blocks.3", () => x.mul(y).tanh()).sum();
    const [g] = backward(f, one, [x]);
    const scopes = nodesOf({ name: "", inputs: [], outputs: [{ name: "g", tensor: g! }] })
      .filter(({ op }) => op !== "input")
      .map(({ scope }) => scope);
    expect(scopes.filter((scope) => scope === "blocks.3").length).toBeGreaterThan(3);
    expect(g!.scope).toBe("blocks.3");
  });

  test("leaves out the branches that lead to no tensor asked for", () => {
    const [g] = backward(x.mul(y.exp().sin()).sum(), one, [x]);
    expect(nodesOf({ name: "", inputs: [], outputs: [{ name: "g", tensor: g! }] }).map(({ op }) => op)).not.toContain(
      "cos",
    );
  });

  test("refuses integers", () => {
    const n = input("n", { dtype: "i32", shape: [3] });
    expect(() => backward(x.add(n.cast("f32")).sum(), one, [n as never])).toThrow(
      "cannot differentiate with respect to a tensor of i32",
    );
  });

  test("of a graph 3000 nodes deep needs no deep stack", () => {
    let deep: F32 = x;
    for (let i = 0; i < 3000; i++) deep = deep.add(x);
    expect(gradient(deep.sum(), x)).toEqual([3001, 3001, 3001]);
  });
});
