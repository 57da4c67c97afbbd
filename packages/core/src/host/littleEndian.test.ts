import { expect, test } from "vitest";
import { elementsFromLittleEndian, littleEndianBytes } from "./littleEndian";

test("bytes of a view share its memory", () => {
  const array = Float32Array.of(0, 1, 2).subarray(1);
  const bytes = littleEndianBytes(array);
  expect([...bytes]).toEqual([0, 0, 128, 63, 0, 0, 0, 64]);
  bytes[3] = 0;
  expect(array[0]).toBe(Float32Array.from([2 ** -126])[0]);
});

test("aligned bytes become a view, others a copy", () => {
  const file = new Uint8Array(16).fill(1, 4);
  const view = elementsFromLittleEndian(Int32Array, file.subarray(4, 12));
  expect([...view]).toEqual([0x01010101, 0x01010101]);
  expect(view.buffer).toBe(file.buffer);
  const copy = elementsFromLittleEndian(Int32Array, file.subarray(5, 13));
  expect([...copy]).toEqual([0x01010101, 0x01010101]);
  expect(copy.buffer).not.toBe(file.buffer);
});

test("unaligned parts of a Node Buffer are copied too", () => {
  // Cast, because the Buffer of @types/node 20 predates the type parameter of Uint8Array.
  const part = Buffer.from([0, 1, 0, 0, 0]).subarray(1) as unknown as Uint8Array;
  expect([...elementsFromLittleEndian(Int32Array, part)]).toEqual([1]);
});
