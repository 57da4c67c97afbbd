import { describe, expect, test } from "vitest";
import { hostF32 } from "../ir/hostTensor";
import { blockInt4, blockScales, dequantize, type IntegerFormat, perChannelInt8, quantize } from "./quantize";
import { uniform } from "./rng";

const roundTrip = (rows: number, columns: number, values: ArrayLike<number>, format: IntegerFormat) => {
  const matrix = hostF32([rows, columns], values);
  const scales = blockScales(matrix, format);
  const integers = quantize(matrix, scales, format);
  return { scales, integers, values: dequantize(integers, scales, columns, format) };
};

describe("int8 by output channel", () => {
  test("reaches 127 at the largest magnitude of each row, and keeps multiples of a 127th", () => {
    const { scales, integers, values } = roundTrip(
      3,
      4,
      [127, -1, 0, 64, 0.5, -1, 0.25, 0, 0, 0, 0, 0],
      perChannelInt8,
    );
    expect([...scales]).toEqual([1, Math.fround(1 / 127), 0]);
    expect([...integers]).toEqual([127, -1, 0, 64, 64, -127, 32, 0, 0, 0, 0, 0]);
    expect([...values.subarray(0, 4)]).toEqual([127, -1, 0, 64]);
  });
});

describe("4 bits in blocks", () => {
  test("make the number of largest magnitude -8, whatever its sign", () => {
    const { scales, integers, values } = roundTrip(1, 4, [8, -7, 1, 0.4], { bits: 4, block: 2 });
    expect([...scales]).toEqual([-1, -0.125]);
    expect([...integers]).toEqual([-8, 7, -8, -3]);
    expect([...values]).toEqual([8, -7, 1, 0.375]);
  });

  test("end with a row: a short last block has a scale of its own", () => {
    const { scales, values } = roundTrip(2, 3, [1, 2, -8, 4, 8, 0.5], { bits: 4, block: 2 });
    expect([...scales]).toEqual([-0.25, 1, -1, -0.0625]);
    expect([...values]).toEqual([1, 2, -8, 4, 8, 0.5]);
  });
});

test.each([
  ["int8", perChannelInt8, 1 / 254],
  ["4 bits", blockInt4, 1 / 8],
] as const)("%s: no number is off by more than its block allows", (_, format, bound) => {
  const [rows, columns] = [5, 70];
  const data = uniform({ seed: 1, stream: "weights", step: 0, sample: 0 }, rows * columns).map((u) => 2 * u - 1);
  const { scales, values } = roundTrip(rows, columns, data, format);
  const size = format.bits === 8 ? 127 : 8;
  const blocks = scales.length / rows;
  data.forEach((value, i) => {
    const block = Math.floor(i / columns) * blocks + Math.floor((i % columns) / Math.min(format.block, columns));
    const largest = Math.abs(scales[block]!) * size;
    expect(Math.abs(values[i]! - value)).toBeLessThanOrEqual(largest * bound * (1 + 1e-5));
  });
});
