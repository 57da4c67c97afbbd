import { describe, expect, test } from "vitest";
import { expandComposites } from "../lower/expandComposites";
import { apply } from "./apply";
import { concat, constant, input, scatterAdd, select, sigmoid, split } from "./create";
import { ShapeError } from "./errors";
import { hostF32 } from "./hostTensor";
import { inPart, inScope } from "./scope";
import type { F32 } from "./tensor";

const f32 = (...shape: number[]) => input("x", { dtype: "f32", shape });
const f16 = (...shape: number[]) => input("h", { dtype: "f16", shape });
const i32 = (...shape: number[]) => input("i", { dtype: "i32", shape });

describe("a shape error says where, what was seen and what does not fit", () => {
  test.each<[string, () => unknown, string]>([
    ["add", () => f32(2, 3).add(f32(2)), "add(f32[2,3], f32[2]): shapes [2,3] and [2] do not broadcast"],
    [
      "matmul, inner",
      () => f32(8, 384).matmul(f32(1152, 4)),
      "matmul(f32[8,384], f32[1152,4]): inner sizes differ (384 and 1152)",
    ],
    ["matmul, ranks", () => f32(2, 3).matmul(f32(1, 3, 4)), "needs two operands of the same rank, at least 2"],
    ["matmul, batches", () => f32(2, 3, 4).matmul(f32(3, 4, 5)), "leading axes differ"],
    ["exp", () => i32(2).exp(), "exp(i32[2]): needs a float tensor, got i32"],
    ["reshape", () => f32(2, 3).reshape([4]), "reshape(f32[2,3]): 6 elements do not fill shape [4]"],
    ["reshape, -1 that leaves a rest", () => f32(2, 3).reshape([4, -1]), "6 elements do not fill shape [4,1.5]"],
    ["reshape, negative", () => f32(2, 3).reshape([-2, -3]), "6 elements do not fill shape [-2,-3]"],
    ["transpose", () => f32(2, 3).transpose([0, 0]), "[0,0] is not a permutation of 2 axes"],
    ["transpose, axis", () => f32(2, 3).transpose([0, 2]), "[0,2] is not a permutation of 2 axes"],
    ["broadcastTo", () => f32(2, 3).broadcastTo([3]), "does not broadcast to [3]"],
    ["slice, beyond", () => f32(3).slice(0, 2, 4), "axis 0 has 3 elements, asked for 2 from 2"],
    ["slice, shifted whole", () => f32(3).slice(0, 1, 4), "axis 0 has 3 elements, asked for 3 from 1"],
    ["split", () => split(f32(2, 7), 3), "axis 1 has 7 elements, asked for 2.33"],
    ["pad", () => f32(3).pad([-1], [0]), "paddings cannot be negative"],
    ["concat", () => concat([f32(2, 3), f32(3, 3)], 1), "shapes differ outside the joined axis"],
    ["concat, dtypes", () => concat([f32(2), f16(2) as never], 0), "dtypes differ (f32 and f16)"],
    ["sum", () => f32(2, 3).sum([2]), "axis 2 is not one of the 2 axes"],
    ["gather", () => f32(4, 2).gather(f32(3) as never), "the indices must be i32, got f32"],
    ["scatterAdd", () => scatterAdd(i32(3), f32(2, 4), 5), "updates do not begin with the indices' shape"],
    ["select", () => select(f32(2) as never, f32(2), f32(2)), "the condition must be bool, got f32"],
    [
      "linear, width",
      () => apply("linear", [f32(2, 3), f32(5, 4), f32(5)], {}),
      "the input has 3 channels, the weight takes 4",
    ],
    ["linear, bias", () => apply("linear", [f32(2, 4), f32(5, 4), f32(4)], {}), "the bias must be [5], got [4]"],
    ["linear, dtypes", () => apply("linear", [f32(2, 4), f16(5, 4), f32(5)], {}), "dtypes differ (f32 and f16)"],
    [
      "attention",
      () => apply("attention", [f32(1, 2, 6), f32(1, 2, 6), f32(1, 2, 6)], { heads: 4 }),
      "does not split into 4 heads",
    ],
    [
      "attention, keys",
      () => apply("attention", [f32(1, 2, 6), f32(1, 3, 6), f32(1, 2, 6)], { heads: 2 }),
      "keys and values differ",
    ],
  ])("%s", (_, build, message) => {
    expect(() => inScope("blocks.3", build)).toThrow(ShapeError);
    expect(() => inScope("blocks.3", build)).toThrow("ShapeError in blocks.3: ");
    expect(() => inScope("blocks.3", build)).toThrow(message);
  });

  test("outside any model, the graph", () => {
    expect(() => f32(2).add(f32(3))).toThrow("ShapeError in the graph: add(f32[2], f32[3])");
  });
});

describe("the model path of a node", () => {
  test("is the part in which it was made", () => {
    const y = inPart("blocks", () => inPart("3", () => f32(2).add(f32(2))));
    expect(y.scope).toBe("blocks.3");
    expect(f32(2).add(f32(2)).scope).toBe("");
  });

  test("is made exact by the parameter that the operation reads", () => {
    const weight = input("params.blocks.3.attn.qkv.weight", { dtype: "f32", shape: [6, 2] });
    const bias = input("params.blocks.3.attn.qkv.bias", { dtype: "f32", shape: [6] });
    expect(inScope("blocks.3", () => apply("linear", [f32(4, 2), weight, bias], {})).scope).toBe("blocks.3.attn.qkv");
    expect(inScope("blocks.3", () => weight.mul(2)).scope).toBe("blocks.3.attn.qkv");
    expect(inScope("blocks.30", () => weight.mul(2)).scope).toBe("blocks.30");
  });

  test("is put back after an error", () => {
    expect(() =>
      inPart("broken", () => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(f32(2).neg().scope).toBe("");
  });

  test("is that of the composite in every node of its decomposition", () => {
    const y = inScope("blocks.3", () => sigmoid(f32(2)));
    const { tensor } = expandComposites({ name: "g", inputs: [], outputs: [{ name: "y", tensor: y }] }, new Set())
      .outputs[0]!;
    expect(tensor.op).toBe("div");
    expect(tensor.scope).toBe("blocks.3");
  });
});

test("operations that change nothing make no node", () => {
  const x: F32 = constant(hostF32([2, 3], [1, 2, 3, 4, 5, 6]));
  expect(x.reshape([2, 3])).toBe(x);
  expect(x.reshape([-1, 3])).toBe(x);
  expect(x.broadcastTo([2, 3])).toBe(x);
  expect(x.slice(0, 0, 2)).toBe(x);
  expect(x.cast("f32")).toBe(x);
  expect(concat([x], 0)).toBe(x);
});
