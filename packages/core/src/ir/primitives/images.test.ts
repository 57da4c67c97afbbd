import { describe, expect, test } from "vitest";
import { backward } from "../../differentiate/backward";
import { compute } from "../../run/reference/compute";
import { apply } from "../apply";
import { avgPool2d, constantF32, maxPool2d, upsampleNearest, zeros } from "../create";
import type { F32 } from "../tensor";

/** One image of one channel. */
function image(...rows: number[][]): F32 {
  return constantF32([1, 1, rows.length, rows[0]!.length], rows.flat());
}

function rowsOf(x: F32): number[][] {
  const [values] = compute([x]);
  const width = x.shape.at(-1)!;
  return Array.from({ length: values!.length / width }, (_, i) => [...values!.slice(i * width, (i + 1) * width)]);
}

describe("conv2d", () => {
  const x = image([1, 2, 3], [4, 5, 6], [7, 8, 9]);

  test("does not flip its kernels", () => {
    expect(rowsOf(x.conv2d(image([1, 0], [0, 10])))).toEqual([
      [51, 62],
      [84, 95],
    ]);
  });

  test("pads each side as it is told, with zeros", () => {
    const options = {
      padding: [
        [0, 1],
        [2, 0],
      ],
    } as const; // below, and left
    expect(rowsOf(x.conv2d(image([1], [10]), options))).toEqual([
      [0, 0, 41, 52, 63],
      [0, 0, 74, 85, 96],
      [0, 0, 7, 8, 9],
    ]);
  });

  test("moves by its strides and reads at its dilations", () => {
    expect(rowsOf(x.conv2d(image([1, 10]), { stride: [2, 1], dilation: [1, 2] }))).toEqual([[31], [97]]);
  });

  test("adds up channels, one kernel for each output", () => {
    const two = constantF32([1, 2, 1, 2], [1, 2, 30, 40]);
    const kernels = constantF32([3, 2, 1, 1], [1, 0, 0, 1, 1, 1]);
    expect(rowsOf(two.conv2d(kernels))).toEqual([
      [1, 2],
      [30, 40],
      [31, 42],
    ]);
  });

  test.each<[string, () => unknown, string]>([
    ["tokens", () => zeros("f32", [2, 3]).conv2d(image([1])), "needs images [N, C, H, W]"],
    [
      "other channels",
      () => zeros("f32", [1, 3, 4, 4]).conv2d(zeros("f32", [8, 4, 3, 3])),
      "conv2d(f32[1,3,4,4], f32[8,4,3,3]): the images have 3 channels, the weight takes 4",
    ],
    [
      "a kernel larger than the image",
      () =>
        x.conv2d(zeros("f32", [1, 1, 3, 3]), {
          padding: [
            [0, 0],
            [0, 0],
          ],
          dilation: 2,
        }),
      "a window of [3,3] does not fit into the padded images",
    ],
    ["no stride", () => x.conv2d(image([1]), { stride: 0 }), "strides [0,0] and dilations [1,1] must be whole numbers"],
    ["half a cell of padding", () => x.conv2d(image([1]), { padding: 0.5 }), "must be whole numbers from 0"],
    [
      "a bias of another size",
      () => apply("biasedConv2d", [x, image([1]), zeros("f32", [2])], convolution),
      "the bias must be [1], got [2]",
    ],
    ["groups that do not divide", () => groupNormOf(3), "4 channels do not split into 3 groups"],
  ])("refuses %s", (_, make, message) => {
    expect(make).toThrow(message);
  });

  const convolution = {
    strides: [1, 1],
    padding: [
      [0, 0],
      [0, 0],
    ],
    dilations: [1, 1],
  } as const;
  const groupNormOf = (groups: number) =>
    apply("groupNorm", [zeros("f32", [1, 4, 2, 2]), zeros("f32", [4]), zeros("f32", [4])], { groups, epsilon: 1e-6 });
});

describe("pools", () => {
  test("never take the padding for the largest, nor count it in the mean unless told to", () => {
    const x = image([-4, -8], [-2, -6]);
    const options = { window: 2, stride: 2, padding: 1 } as const;
    expect(rowsOf(maxPool2d(x, options))).toEqual([
      [-4, -8],
      [-2, -6],
    ]);
    expect(rowsOf(avgPool2d(x, options))).toEqual([
      [-4, -8],
      [-2, -6],
    ]);
    expect(rowsOf(avgPool2d(x, { ...options, countsPadding: true }))).toEqual([
      [-1, -2],
      [-0.5, -1.5],
    ]);
  });

  test("a tie's gradient goes to the first of the largest, also where padding ties with it", () => {
    const x = image([0, 0, 0], [0, -1, 0]);
    const y = maxPool2d(x, { window: 2, stride: 1, padding: [1, 0] });
    const [slope] = backward(y, constantF32(y.shape, [1, 2, 4, 8, 16, 32]), [x]);
    expect(rowsOf(slope!)).toEqual([
      [1 + 4, 2 + 8, 0],
      [16, 0, 32],
    ]);
  });

  test("refuse padding as wide as their window, which would see nothing", () => {
    const pool = () => maxPool2d(image([1, 2]), { window: [1, 2], stride: 1, padding: [0, 2] });
    expect(pool).toThrow("windows of [1,2] may lie outside the image");
  });
});

test("upsampling repeats each pixel", () => {
  expect(rowsOf(upsampleNearest(image([1, 2], [3, 4])))).toEqual([
    [1, 1, 2, 2],
    [1, 1, 2, 2],
    [3, 3, 4, 4],
    [3, 3, 4, 4],
  ]);
});
