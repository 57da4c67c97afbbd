import { describe, expect, test } from "vitest";
import { DitError } from "../../ir/errors";
import { bytesSource } from "../byteSource";
import { openTensors } from "../openTensors";
import { toFloat64 } from "../toHostTensor";
import { zipBytes } from "../zipBytes";
import { type Pickled, pickledTensor, torchLegacyBytes, torchZipBytes } from "./torchBytes";

const counted = (length: number) => Float32Array.from({ length }, (_, i) => i);
const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer);
const open = (bytes: Uint8Array) => openTensors(bytesSource(bytes));
const values = (bytes: Uint8Array, name: string) => Array.from(toFloat64(open(bytes).tensors.get(name)!));

describe("tensors", () => {
  const state = new Map<string, Pickled>([
    ["whole", pickledTensor("0", [2, 3])],
    ["transposed", pickledTensor("0", [3, 2], { strides: [1, 3], length: 6 })],
    ["last", pickledTensor("0", [1, 2], { offset: 4, strides: [17, 1], length: 6 })],
    [
      "nested",
      new Map<string, Pickled>([
        ["step", 7],
        ["lr", [1, "x", null]],
      ]),
    ],
  ]);

  test.each([
    ["the zip container", torchZipBytes(state, { 0: bytesOf(counted(6)) })],
    ["the older one", torchLegacyBytes(state, { 0: counted(6) })],
  ])("%s: views of one storage, and plain values by their path", (_, bytes) => {
    expect(values(bytes, "whole")).toEqual([0, 1, 2, 3, 4, 5]);
    expect(values(bytes, "transposed")).toEqual([0, 3, 1, 4, 2, 5]);
    expect(values(bytes, "last")).toEqual([4, 5]);
    expect(open(bytes).metadata).toEqual({
      "nested.step": "7",
      "nested.lr.0": "1",
      "nested.lr.1": "x",
      "nested.lr.2": "null",
    });
  });
});

const run = (name: string): Pickled => ({ call: { global: name }, args: ["touch pwned"] });
const tensor = (...args: Parameters<typeof pickledTensor>) => new Map<string, Pickled>([["a", pickledTensor(...args)]]);
const file = (value: Pickled, length = 4) => torchZipBytes(value, { 0: bytesOf(counted(length)) });
const good = file(tensor("0", [4]));

/** A copy in which `change` has altered bytes. */
function altered(bytes: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  change(new DataView(copy.buffer));
  return copy;
}

/** Where the end record says that the directory begins. */
const directoryOf = (bytes: Uint8Array) => new DataView(bytes.buffer).getUint32(bytes.length - 6, true);

/** Dictionaries of two, each twice in the next: 2^40 values in a few hundred bytes. */
function laughs(): Pickled {
  const levels = Array.from({ length: 30 }, (_, i) => [
    ...[0x7d, 0x28, 0x4b, 0, 0x68, i, 0x4b, 1, 0x68, i, 0x75],
    ...[0x71, i + 1],
  ]);
  return { raw: [0x4b, 1, 0x71, 0, ...levels.flat()] };
}

describe("what no honest file holds is refused in one line", () => {
  test.each<[string, Uint8Array, string]>([
    ["a call of os.system", file(run("posix system")), '"posix.system"'],
    ["a call of eval", file(run("builtins eval")), '"builtins.eval"'],
    ["a call of it in the older container", torchLegacyBytes(run("os system")), '"os.system"'],
    ["a whole model", file({ call: { global: "models DiT" }, args: [] }), '"models.DiT"'],
    ["a name of JavaScript's", file(run("constructor constructor")), '"constructor.constructor"'],
    ["a call of what is data", file({ call: { global: "torch FloatStorage" }, args: [] }), "no function"],
    [
      "a view beyond its storage",
      file(tensor("0", [4], { offset: 1, length: 4 })),
      "ends at element 5 of a storage of 4",
    ],
    ["10 GB in a kilobyte", file(tensor("0", [2_500_000_000], { strides: [0], length: 4 })), "repeats the 4 elements"],
    [
      "10 GB that are not there",
      file(tensor("0", [2_500_000_000])),
      "should take 10000000000 bytes, the archive has 16",
    ],
    ["a storage that is not there", torchZipBytes(tensor("1", [4])), 'storage "1" is not in the archive'],
    ["a storage of another size", file(tensor("0", [3])), "should take 12 bytes, the archive has 16"],
    ["a dictionary inside of itself", file({ raw: [0x7d, 0x71, 0, 0x4b, 1, 0x68, 0, 0x73] }), "in one another"],
    ["dictionaries that multiply", file(laughs()), "over 200000 values"],
    ["a million dictionaries", file({ raw: new Array<number>(1_100_000).fill(0x7d) }), "more than 1000000 operations"],
    ["an operation of old pickles", file({ raw: [0x69] }), "operation 0x69"],
    ["a text beyond the pickle", file({ raw: [0x58, 0xff, 0xff, 0xff, 0x7f] }), "truncated"],
    ["a truncated archive", good.subarray(0, good.length - 30), "cut off"],
    ["a truncated older file", torchLegacyBytes(tensor("0", [4]), { 0: counted(4) }).subarray(0, -4), "truncated"],
    [
      "a compressed file in the archive",
      altered(good, (view) => view.setUint16(directoryOf(good) + 10, 8, true)),
      "is compressed",
    ],
    [
      "files that overlap",
      altered(good, (view) => [20, 24].map((field) => view.setUint32(directoryOf(good) + field, 500, true))),
      "overlaps what comes after it",
    ],
    [
      "a directory outside",
      altered(good, (view) => view.setUint32(good.length - 6, 0x7fffffff, true)),
      "a directory of",
    ],
    ["another archive", zipBytes([{ name: "arr_0.npy", bytes: new Uint8Array(3) }]), "without data.pkl"],
    [
      "a pickle of Python's own",
      Uint8Array.from([0x80, 4, 0x8c, 3, 0x61, 0x62, 0x63, 0x94, 0x2e]),
      "torch.save did not write",
    ],
    ["a pointer of Git LFS", new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"],
    ["a page", new TextEncoder().encode("<!DOCTYPE html><title>404</title>"), "HTML"],
    ["nothing", new Uint8Array(), "truncated"],
    ["no tensor", file(new Map([["lr", 1]])), "no tensor"],
  ])("%s", (_, bytes, message) => {
    let thrown: unknown;
    try {
      for (const entry of open(bytes).tensors.values()) entry.bytes;
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DitError);
    expect((thrown as Error).message).toContain(message);
    expect((thrown as Error).message).not.toContain("\n");
  });
});
