import { describe, expect, test } from "vitest";
import { FormatError } from "../ir/errors";
import { encodeSafetensorsHeader, parseSafetensorsHeader, safetensorsHeaderSize } from "./safetensorsHeader";

/** A file whose header is `header` (JSON text, or a value to make it from) and whose data is `dataBytes` zeros. */
function file(header: unknown, dataBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 8);
  return bytes;
}

const parse = (bytes: Uint8Array) => parseSafetensorsHeader(bytes, bytes.length);
const f32 = (shape: unknown, data_offsets: unknown) => ({ dtype: "F32", shape, data_offsets });

describe("parseSafetensorsHeader", () => {
  test("gives offsets from the start of the file, in the order of the data", () => {
    const bytes = file({ __metadata__: { step: "5" }, late: f32([2], [4, 12]), "7": f32([], [0, 4]) }, 12);
    const { metadata, tensors } = parse(bytes);
    expect(metadata).toEqual({ step: "5" });
    expect([...tensors.values()]).toEqual([
      { name: "7", dtype: "F32", shape: [], byteOffset: bytes.length - 12, byteLength: 4 },
      { name: "late", dtype: "F32", shape: [2], byteOffset: bytes.length - 8, byteLength: 8 },
    ]);
  });

  test("needs no data", () => {
    const bytes = file({ a: f32([1000], [0, 4000]) });
    expect(safetensorsHeaderSize(bytes.subarray(0, 8), bytes.length + 4000)).toBe(bytes.length);
    expect(parseSafetensorsHeader(bytes, bytes.length + 4000).tensors.get("a")?.byteLength).toBe(4000);
  });

  test("takes an empty file, empty tensors and names that clash with object members", () => {
    expect(parse(file("{}  ")).tensors.size).toBe(0);
    const odd = '{"__proto__":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},"toString":';
    const { tensors } = parse(file(`${odd}{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1));
    expect([...tensors.keys()]).toEqual(["__proto__", "toString"]);
  });

  test.each<[string, Uint8Array, string]>([
    ["no length", new Uint8Array(7), "truncated: 7 bytes"],
    ["header past the end", file("{}").subarray(0, 9), "truncated: header of 2 bytes in a file of 9 bytes"],
    ["huge header", new Uint8Array(8).fill(0xff), "over the limit of 100000000 bytes"],
    ["not JSON", file("{]"), "not valid JSON"],
    ["not UTF-8", new Uint8Array([4, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff, 0x7d]), "not valid JSON"],
    ["an array", file([]), "not a JSON object"],
    ["leading space", file(" {}"), "not a JSON object"],
    ["bad metadata", file({ __metadata__: { a: 1 } }), "__metadata__ is not an object of strings"],
    ["not an object", file({ a: 3 }), 'tensor "a": expected an object, got 3'],
    ["unknown dtype", file({ a: { ...f32([1], [0, 4]), dtype: "F31" } }, 4), 'tensor "a": unknown dtype "F31"'],
    ["dtype of Object", file({ a: { ...f32([1], [0, 4]), dtype: "toString" } }, 4), "unknown dtype"],
    ["missing dtype", file({ a: {} }), "unknown dtype undefined"],
    ["negative size", file({ a: f32([-1], [0, 4]) }, 4), "shape [-1] is not a list of non-negative integers"],
    ["fraction", file({ a: f32([1.5], [0, 6]) }, 6), "shape [1.5] is not"],
    ["no shape", file({ a: f32(null, [0, 4]) }, 4), "shape null is not"],
    ["three offsets", file({ a: f32([1], [0, 2, 4]) }, 4), "data_offsets [0,2,4] are not two"],
    ["backwards", file({ a: f32([1], [4, 0]) }, 4), "data_offsets [4, 0] run backwards"],
    ["size", file({ a: f32([2, 3], [0, 20]) }, 20), "F32 of shape [2,3] takes 24 bytes, data_offsets [0, 20] give 20"],
    ["truncated data", file({ a: f32([2], [0, 8]) }, 7), 'tensor "a": truncated: data ends at byte'],
    ["overlap", file({ a: f32([2], [0, 8]), b: f32([1], [4, 8]) }, 8), '"b": offsets overlap those of "a" by 4 bytes'],
    ["same place", file({ a: f32([1], [0, 4]), b: f32([1], [0, 4]) }, 4), "offsets overlap"],
    ["hole at the start", file({ a: f32([1], [4, 8]) }, 8), "hole of 4 bytes after the header"],
    ["hole between", file({ a: f32([1], [0, 4]), b: f32([1], [6, 10]) }, 10), 'hole of 2 bytes after "a"'],
    ["trailing bytes", file({ a: f32([1], [0, 4]) }, 5), '1 bytes after "a" belong to no tensor'],
    ["duplicate name", file(`{"a":${JSON.stringify(f32([0], [0, 0]))},"a":{}}`), 'the name "a" stands twice'],
  ])("rejects: %s", (_, bytes, message) => {
    expect(() => parse(bytes)).toThrow(FormatError);
    expect(() => parse(bytes)).toThrow(message);
  });

  test("rejects a size beyond all integers", () => {
    const bytes = file({ a: f32([2 ** 52, 2 ** 52, 2 ** 52], [0, 4]) }, 4);
    expect(() => parse(bytes)).toThrow("takes");
  });

  test("says how much of the header was given", () => {
    const bytes = file({ a: f32([1], [0, 4]) }, 4);
    expect(() => parseSafetensorsHeader(bytes.subarray(0, 20), bytes.length)).toThrow("truncated: 20 of");
  });
});

describe("encodeSafetensorsHeader", () => {
  test("exact bytes", () => {
    const json = '{"__metadata__":{"k":"v"},"1":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    const expected = file(json.padEnd(Math.ceil(json.length / 8) * 8));
    expect(encodeSafetensorsHeader([["1", { dtype: "F32", shape: [2] }]], { k: "v" })).toEqual(expected);
  });

  test("rejects what a reader would reject", () => {
    const tensor = { dtype: "F32", shape: [1] } as const;
    const twice = [
      ["a", tensor],
      ["a", tensor],
    ] as const;
    expect(() => encodeSafetensorsHeader(twice)).toThrow('"a" is reserved or given twice');
    expect(() => encodeSafetensorsHeader([["__metadata__", tensor]])).toThrow("reserved");
    expect(() => encodeSafetensorsHeader([["a", { dtype: "F32", shape: [-1] }]])).toThrow('tensor "a": bad shape [-1]');
    expect(() => encodeSafetensorsHeader([], { step: 5 } as unknown as Record<string, string>)).toThrow("strings");
  });
});
