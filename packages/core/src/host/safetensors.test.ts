import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesPerElement, type DType, hostArray } from "../ir/dtype";
import { type HostTensor, hostF32, hostI32, hostTensor } from "../ir/hostTensor";
import { sizeOf } from "../ir/shape";
import { littleEndianBytes } from "./littleEndian";
import { readSafetensors, writeSafetensors } from "./safetensors";
import { toHostTensor } from "./toHostTensor";

// safetensors 0.8.0: save({"b": f32 [[1,2],[3,4]], "a": i64 [7,-8], "flag": bool [1,0,1], "half": f16 0.5}, {"format": "np"})
const official = Uint8Array.from(
  atob(
    "CAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJucCJ9LCJhIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRz" +
      "IjpbMCwxNl19LCJiIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDJdLCJkYXRhX29mZnNldHMiOlsxNiwzMl19LCJoYWxmIjp7ImR0eXBlIjoi" +
      "RjE2Iiwic2hhcGUiOltdLCJkYXRhX29mZnNldHMiOlszMiwzNF19LCJmbGFnIjp7ImR0eXBlIjoiQk9PTCIsInNoYXBlIjpbM10sImRhdGFfb2Zm" +
      "c2V0cyI6WzM0LDM3XX19ICAgICAHAAAAAAAAAPj/////////AACAPwAAAEAAAEBAAACAQAA4AQAB",
  ),
  (character) => character.charCodeAt(0),
);

test("reads a file of the official writer", () => {
  const { metadata, tensors } = readSafetensors(official);
  expect(metadata).toEqual({ format: "np" });
  expect([...tensors.keys()]).toEqual(["a", "b", "half", "flag"]);
  expect([...tensors.values()].map(toHostTensor)).toEqual([
    hostI32([2], [7, -8]),
    hostF32([2, 2], [1, 2, 3, 4]),
    hostTensor("f16", [], Uint16Array.of(0x3800)),
    hostTensor("bool", [3], Uint8Array.of(1, 0, 1)),
  ]);
});

test("writes the bytes of the official writer", () => {
  const { metadata, tensors } = readSafetensors(official);
  expect(writeSafetensors(tensors, metadata)).toEqual(official);
});

test("reads at any alignment, and from a Node Buffer", () => {
  for (let shift = 0; shift < 8; shift++) {
    const moved = Buffer.alloc(official.length + shift);
    moved.set(official, shift);
    // Cast, because the Buffer of @types/node 20 predates the type parameter of Uint8Array.
    const file = moved.subarray(shift) as unknown as Uint8Array;
    const entry = readSafetensors(file).tensors.get("b")!;
    expect(toHostTensor(entry)).toEqual(hostF32([2, 2], [1, 2, 3, 4]));
  }
});

test("entries are views: nothing is copied before it is asked for", () => {
  for (const { bytes } of readSafetensors(official).tensors.values()) expect(bytes.buffer).toBe(official.buffer);
});

const shapes = fc.array(fc.nat({ max: 4 }), { maxLength: 3 });
const hostTensors: fc.Arbitrary<HostTensor> = fc
  .tuple(fc.constantFrom<DType>(...(Object.keys(bytesPerElement) as DType[])), shapes, fc.infiniteStream(fc.nat()))
  .map(([dtype, shape, numbers]) => {
    const data = hostArray(dtype, sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = numbers.next().value! % (dtype === "bool" ? 2 : 2 ** 31);
    return hostTensor(dtype, shape, data);
  });

test("what is written is read back bit for bit, in order, with an aligned data section", () => {
  const names = fc.string().filter((name) => name !== "__metadata__");
  const maps = fc.uniqueArray(fc.tuple(names, hostTensors), { selector: ([name]) => name, maxLength: 6 });
  fc.assert(
    fc.property(maps, fc.dictionary(fc.string(), fc.string()), (tensors, metadata) => {
      const bytes = writeSafetensors(new Map(tensors), metadata);
      expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
      const file = readSafetensors(bytes);
      expect(Object.entries(file.metadata)).toEqual(Object.entries(metadata));
      for (const [name, tensor] of tensors) {
        const entry = file.tensors.get(name)!;
        expect(entry.bytes).toEqual(littleEndianBytes(tensor.data));
        const back = toHostTensor(entry);
        expect([back.dtype, back.shape]).toEqual([tensor.dtype, tensor.shape]);
        expect(littleEndianBytes(back.data)).toEqual(littleEndianBytes(tensor.data));
      }
      const withData = tensors.filter(([, { data }]) => data.length > 0).map(([name]) => name);
      expect([...file.tensors.values()].filter((e) => e.bytes.length > 0).map((e) => e.name)).toEqual(withData);
    }),
  );
});

test("any cut of a file is noticed", () => {
  for (let length = 0; length < official.length; length++) {
    expect(() => readSafetensors(official.subarray(0, length))).toThrow("truncated");
  }
});

test("rejects bytes that do not fit", () => {
  const tensor = { dtype: "F64", shape: [2, 2], bytes: new Uint8Array(31) } as const;
  expect(() => writeSafetensors({ w: tensor })).toThrow('tensor "w": F64 of shape [2,2] takes 32 bytes, got 31');
});
