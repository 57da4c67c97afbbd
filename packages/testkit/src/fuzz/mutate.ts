import { uniformInts } from "@dit/core";

/** Numbers at the edges of what fields hold. */
const edges = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0xffffffff];

/** A damaged copy, always the same for the same number: one to four changes of the kinds below. */
export function mutate(bytes: Uint8Array, number: number): Uint8Array {
  const draws = uniformInts({ seed: 1, stream: "fuzz", step: 0, sample: number }, 17, 2 ** 30);
  let result: Uint8Array = bytes.slice();
  for (let i = 0; i <= draws[0]! % 4; i++) {
    const [kind = 0, at = 0, length = 0, value = 0] = draws.subarray(1 + 4 * i, 5 + 4 * i);
    if (result.length > 0) result = changes[kind % changes.length]!(result, at % result.length, length, value);
  }
  return result;
}

type Change = (bytes: Uint8Array, at: number, length: number, value: number) => Uint8Array;

const changes: readonly Change[] = [
  /** One byte becomes any other. */
  (bytes, at, _, value) => withBytes(bytes, at, [value & 0xff]),
  /** One bit turns. */
  (bytes, at, _, value) => withBytes(bytes, at, [bytes[at]! ^ (1 << (value & 7))]),
  /** A field becomes a number at an edge. */
  (bytes, at, length, value) => withBytes(bytes, at, littleEndian(edges[value % edges.length]!, 1 + (length % 8))),
  /** The file ends early. */
  (bytes, at) => bytes.slice(0, at),
  /** A part is gone. */
  (bytes, at, length) => Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + 1 + (length % 64))]),
  /** A part stands twice. */
  (bytes, at, length) => Uint8Array.from([...bytes.slice(0, at + (length % 64)), ...bytes.slice(at)]),
  /** A part lies over another. */
  (bytes, at, length, value) => {
    const from = value % bytes.length;
    return withBytes(bytes, at, bytes.slice(from, from + 1 + (length % 64)));
  },
];

function withBytes(bytes: Uint8Array, at: number, part: ArrayLike<number>): Uint8Array {
  const result = bytes.slice();
  result.set(Array.from(part).slice(0, bytes.length - at), at);
  return result;
}

function littleEndian(value: number, length: number): number[] {
  return Array.from({ length }, (_, i) => (i < 4 ? (value >>> (8 * i)) & 0xff : 0));
}
