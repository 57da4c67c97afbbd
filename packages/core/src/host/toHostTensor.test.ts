import { describe, expect, test } from "vitest";
import { littleEndianBytes } from "./littleEndian";
import type { SafetensorsDType } from "./safetensorsHeader";
import type { FileTensor } from "./tensorFile";
import { toFloat32, toFloat64, toHostTensor } from "./toHostTensor";

function entry(dtype: SafetensorsDType, data: ArrayBufferView & { readonly length: number }): FileTensor {
  return { name: "w", dtype, shape: [data.length], bytes: littleEndianBytes(data) };
}

describe("toHostTensor", () => {
  test.each<[SafetensorsDType, ArrayBufferView & { readonly length: number }, string, number[]]>([
    ["F32", Float32Array.of(1.5, -2), "f32", [1.5, -2]],
    ["F64", Float64Array.of(0.1, 1e300), "f32", [Math.fround(0.1), Infinity]],
    ["F16", Uint16Array.of(0x3c00, 0xfc00), "f16", [0x3c00, 0xfc00]],
    ["BF16", Uint16Array.of(0x3f80), "bf16", [0x3f80]],
    ["BOOL", Uint8Array.of(0, 1), "bool", [0, 1]],
    ["U8", Uint8Array.of(0, 255), "i32", [0, 255]],
    ["I8", Int8Array.of(-128, 127), "i32", [-128, 127]],
    ["I16", Int16Array.of(-32768, 5), "i32", [-32768, 5]],
    ["U16", Uint16Array.of(65535), "i32", [65535]],
    ["I32", Int32Array.of(-(2 ** 31), 3), "i32", [-(2 ** 31), 3]],
    ["U32", Uint32Array.of(2 ** 31 - 1), "i32", [2 ** 31 - 1]],
    ["I64", BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n, -1n, 0n), "i32", [-(2 ** 31), 2 ** 31 - 1, -1, 0]],
    ["U64", BigUint64Array.of(7n), "i32", [7]],
  ])("%s", (dtype, data, hostDType, values) => {
    const tensor = toHostTensor(entry(dtype, data));
    expect(tensor.dtype).toBe(hostDType);
    expect(tensor.shape).toEqual([data.length]);
    expect([...tensor.data]).toEqual(values);
  });

  test("integers outside i32 are named, not wrapped", () => {
    const message = 'tensor "w": element 1 is 2147483648, which does not fit in i32';
    expect(() => toHostTensor(entry("I64", BigInt64Array.of(0n, 2n ** 31n)))).toThrow(message);
    expect(() => toHostTensor(entry("U32", Uint32Array.of(0, 2 ** 31)))).toThrow(message);
    expect(() => toHostTensor(entry("I64", BigInt64Array.of(-(2n ** 31n) - 1n)))).toThrow("does not fit");
    expect(() => toHostTensor(entry("I64", BigInt64Array.of(2n ** 62n)))).toThrow(
      "which float64 does not hold exactly",
    );
  });

  test("a BOOL other than 0 and 1 is an error", () => {
    expect(() => toHostTensor(entry("BOOL", Uint8Array.of(1, 2)))).toThrow("element 1 is 2, which is not a BOOL");
  });

  test.each<SafetensorsDType>(["F8_E5M2", "F8_E4M3", "F8_E8M0"])("%s is not supported", (dtype) => {
    expect(() => toHostTensor(entry(dtype, Uint8Array.of(0)))).toThrow(`${dtype} cannot be converted`);
  });
});

test("toFloat32 widens halves and rounds float64 once", () => {
  expect([...toFloat32(entry("F16", Uint16Array.of(0x3c00, 1)))]).toEqual([1, 2 ** -24]);
  expect([...toFloat32(entry("BF16", Uint16Array.of(0xc000)))]).toEqual([-2]);
  expect([...toFloat32(entry("F64", Float64Array.of(0.1)))]).toEqual([Math.fround(0.1)]);
  expect([...toFloat32(entry("I64", BigInt64Array.of(-3n)))]).toEqual([-3]);
  expect([...toFloat32(entry("F32", Float32Array.of(2.5)))]).toEqual([2.5]);
});

test("toFloat64 is exact", () => {
  expect([...toFloat64(entry("F64", Float64Array.of(0.1)))]).toEqual([0.1]);
  expect([...toFloat64(entry("F32", Float32Array.of(0.1)))]).toEqual([Math.fround(0.1)]);
  expect([...toFloat64(entry("F16", Uint16Array.of(0x3555)))]).toEqual([0.333251953125]);
  const widest = 2n ** 53n - 1n;
  expect([...toFloat64(entry("I64", BigInt64Array.of(widest, -widest)))]).toEqual([2 ** 53 - 1, 1 - 2 ** 53]);
  expect([...toFloat64(entry("U32", Uint32Array.of(2 ** 32 - 1)))]).toEqual([2 ** 32 - 1]);
  expect([...toFloat64(entry("BOOL", Uint8Array.of(1)))]).toEqual([1]);
  expect(() => toFloat64(entry("U64", BigUint64Array.of(2n ** 53n + 1n)))).toThrow("element 0 is 9007199254740992");
});
