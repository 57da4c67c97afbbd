import { expect, test } from "vitest";
import { encodeNpyHeader, npyDataOffset, parseNpyHeader } from "./npyHeader";

/** What numpy.save of NumPy 2.4.6 writes before the data of an array with this header text. */
function numpyHeader(text: string): Uint8Array {
  return Uint8Array.of(0x93, ...new TextEncoder().encode(`NUMPY\x01\x00\x76\x00${text.padEnd(117)}\n`));
}

test.each([
  ["f4", [2, 3], "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"],
  ["u1", [3], "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }"],
  ["i8", [], "{'descr': '<i8', 'fortran_order': False, 'shape': (), }"],
  ["f8", [0, 2], "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 2), }"],
] as const)("the header of %s %o has the bytes of NumPy's, and is read back", (code, shape, text) => {
  const header = encodeNpyHeader(code, shape);
  expect(header).toEqual(numpyHeader(text));
  expect(npyDataOffset(header, "x")).toBe(128);
  expect(parseNpyHeader(header, "x")).toEqual({ code, shape, bigEndian: false, fortran: false });
});

test("format version 2.0, Fortran order, bytes the other way round", () => {
  const text = "{'shape':(2,1),'fortran_order':True,'descr':'>i4'}\n";
  const start = [0x93, ...new TextEncoder().encode("NUMPY"), 2, 0, text.length, 0, 0, 0];
  const header = Uint8Array.of(...start, ...new TextEncoder().encode(text));
  expect(npyDataOffset(header, "x")).toBe(header.length);
  expect(parseNpyHeader(header, "x")).toEqual({ code: "i4", shape: [2, 1], bigEndian: true, fortran: true });
});

test("Python 2's long integers", () => {
  const bytes = numpyHeader("{'descr': '<f8', 'fortran_order': False, 'shape': (2048L, 3L), }");
  expect(parseNpyHeader(bytes, "x").shape).toEqual([2048, 3]);
});

test.each([
  ["[('x', '<f4')], 'fortran_order': False, 'shape': (2,)", "UnsupportedError", "x: dtype of several fields"],
  ["'<c8', 'fortran_order': False, 'shape': (2,)", "UnsupportedError", 'x: dtype "<c8"; save it as one of'],
  ["'<f4', 'fortran_order': False", "FormatError", "x: cannot read the header"],
])("rejects %s", (header, name, message) => {
  const bytes = numpyHeader(`{'descr': ${header}, }`);
  expect(() => parseNpyHeader(bytes, "x")).toThrow(expect.objectContaining({ name }));
  expect(() => parseNpyHeader(bytes, "x")).toThrow(message);
});

test("rejects what is no .npy file, or of a later format", () => {
  expect(() => npyDataOffset(new Uint8Array(12), "x")).toThrow("x: not a .npy array");
  const future = encodeNpyHeader("f4", [0]);
  future[6] = 4;
  expect(() => npyDataOffset(future, "x")).toThrow("x: not a .npy array");
});
