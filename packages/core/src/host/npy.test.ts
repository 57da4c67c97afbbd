import fc from "fast-check";
import { expect, test } from "vitest";
import { sizeOf } from "../ir/shape";
import { littleEndianBytes } from "./littleEndian";
import { encodeNpyHeader, type NpyArray, readNpy, writeNpy } from "./npy";

/** What numpy.save of NumPy 2.4.6 writes before the data of an array with this header text. */
function numpyHeader(text: string): Uint8Array {
  return Uint8Array.of(0x93, ...new TextEncoder().encode(`NUMPY\x01\x00\x76\x00${text.padEnd(117)}\n`));
}

test.each([
  ["f4", [2, 3], "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"],
  ["u1", [3], "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }"],
  ["i8", [], "{'descr': '<i8', 'fortran_order': False, 'shape': (), }"],
  ["f8", [0, 2], "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 2), }"],
] as const)("the header of %s %o has the bytes of NumPy's", (dtype, shape, text) => {
  expect(encodeNpyHeader(dtype, shape)).toEqual(numpyHeader(text));
});

const shapes = fc.array(fc.nat({ max: 5 }), { maxLength: 4 });
const arrays: fc.Arbitrary<NpyArray> = shapes.chain((shape) => {
  const size = { minLength: sizeOf(shape), maxLength: sizeOf(shape) };
  return fc.oneof(
    fc.uint8Array(size).map((data) => ({ dtype: "u1", shape, data }) as const),
    fc.int32Array(size).map((data) => ({ dtype: "i4", shape, data }) as const),
    fc.bigInt64Array(size).map((data) => ({ dtype: "i8", shape, data }) as const),
    fc.float32Array(size).map((data) => ({ dtype: "f4", shape, data }) as const),
    fc.float64Array(size).map((data) => ({ dtype: "f8", shape, data }) as const),
  );
});

test("what is written is read back bit for bit, at any alignment", () => {
  fc.assert(
    fc.property(arrays, fc.nat({ max: 7 }), (array, shift) => {
      const bytes = writeNpy(array);
      expect((bytes.length - array.data.byteLength) % 64).toBe(0);
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      const back = readNpy(moved.subarray(shift));
      expect([back.dtype, back.shape]).toEqual([array.dtype, array.shape]);
      expect(littleEndianBytes(back.data)).toEqual(littleEndianBytes(array.data));
    }),
  );
});

test("reads format version 2.0", () => {
  const text = "{'shape':(2,),'fortran_order':False,'descr':'<i4'}\n";
  const header = [0x93, ...new TextEncoder().encode("NUMPY"), 2, 0, text.length, 0, 0, 0];
  const bytes = Uint8Array.of(...header, ...new TextEncoder().encode(text), 1, 0, 0, 0, 2, 0, 0, 0);
  expect(readNpy(bytes)).toEqual({ dtype: "i4", shape: [2], data: Int32Array.of(1, 2) });
});

test.each([
  ["'<f4', 'fortran_order': True, 'shape': (2, 1)", "UnsupportedError: npy: the array is in Fortran order"],
  ["'>f4', 'fortran_order': False, 'shape': (2,)", 'UnsupportedError: npy: dtype ">f4"'],
  ["'<f2', 'fortran_order': False, 'shape': (4,)", 'UnsupportedError: npy: dtype "<f2"'],
  ["[('x', '<f4')], 'fortran_order': False, 'shape': (2,)", "UnsupportedError: npy: dtype of several fields"],
  ["'<f4', 'fortran_order': False", "FormatError: npy: cannot read the header"],
  ["'<f4', 'fortran_order': False, 'shape': (3,)", "FormatError: npy: f4 of shape [3] takes 12 bytes, the file has 8"],
  ["'<f4', 'fortran_order': False, 'shape': (1,)", "FormatError: npy: f4 of shape [1] takes 4 bytes, the file has 8"],
])("rejects %s", (header, message) => {
  const bytes = Uint8Array.of(...numpyHeader(`{'descr': ${header}, }`), ...new Uint8Array(8));
  expect(() => readNpy(bytes)).toThrow(expect.objectContaining({ name: message.split(":")[0] }));
  expect(() => readNpy(bytes)).toThrow(message.slice(message.indexOf(":") + 2));
});

test("rejects what is not a .npy file, or only the start of one", () => {
  expect(() => readNpy(new Uint8Array(200))).toThrow("not a .npy file");
  expect(() => readNpy(encodeNpyHeader("f4", [1]).subarray(0, 100))).toThrow("truncated: header ends at byte 128");
  const future = encodeNpyHeader("f4", [0]);
  future[6] = 4;
  expect(() => readNpy(future)).toThrow("unknown format version 4");
});

test("rejects data that does not fit", () => {
  expect(() => writeNpy({ dtype: "f4", shape: [3], data: new Float32Array(2) })).toThrow("takes 12 bytes, got 8");
});
