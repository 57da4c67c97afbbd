import type { DType } from "../ir/dtype";
import { DitError } from "../ir/errors";
import type { HostTensor } from "../ir/hostTensor";
import { type Shape, sizeOf } from "../ir/shape";
import { littleEndianBytes } from "./littleEndian";
import {
  encodeSafetensorsHeader,
  parseSafetensorsHeader,
  type SafetensorsDType,
  type SafetensorsHeader,
  safetensorsElementBytes,
} from "./safetensorsHeader";

/**
 * A tensor as it lies in a file: `bytes` is its little-endian data, row-major; a view of a file in memory, or read from the
 * disk each time it is asked for.
 */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: Shape;
  readonly bytes: Uint8Array;
}

/** An open safetensors file. `tensors` are in the order of their data and are converted only when asked for. */
export interface SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
}

/** A tensor to write: one in host memory, or one whose little-endian bytes are at hand. */
export type SafetensorsSource =
  | HostTensor
  | { readonly dtype: SafetensorsDType; readonly shape: Shape; readonly bytes: Uint8Array };

const fileDTypes: { readonly [D in DType]: SafetensorsDType } = {
  f32: "F32",
  f16: "F16",
  bf16: "BF16",
  i32: "I32",
  bool: "BOOL",
};

/** Opens a whole file in memory without copying it. @throws FormatError naming the tensor and what was seen. */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  // Not bytes.subarray(): for Node's Buffer that would be a Buffer, whose methods differ.
  const view = (offset: number, length: number) => new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length);
  return safetensorsFile(parseSafetensorsHeader(bytes, bytes.length), view);
}

/** A file behind its header, whose tensors `read` fetches one by one: `length` bytes from `offset` of the file. */
export function safetensorsFile(
  { metadata, tensors }: SafetensorsHeader,
  read: (offset: number, length: number) => Uint8Array,
): SafetensorsFile {
  const entries = [...tensors.values()].map(({ name, dtype, shape, byteOffset, byteLength }): SafetensorsEntry => {
    return {
      name,
      dtype,
      shape,
      get bytes() {
        return read(byteOffset, byteLength);
      },
    };
  });
  return { metadata, tensors: new Map(entries.map((entry) => [entry.name, entry])) };
}

/** What a file is made of: a record's tensors in the order of its names (integers first), or a map's in its own. */
type Sources = Readonly<Record<string, SafetensorsSource>> | ReadonlyMap<string, SafetensorsSource>;

/**
 * A file in pieces to be written one after the other: the header, then each tensor, whose values are asked for when its
 * piece is, so that a file may be larger than memory. Equal arguments give equal bytes: tensors and metadata are written
 * in the order given.
 * @throws DitError when the bytes of a tensor do not fit its dtype and shape, or the format cannot hold its name.
 */
export function* safetensorsPieces(
  tensors: Sources,
  metadata?: Readonly<Record<string, string>>,
): Generator<Uint8Array, void> {
  const sources = isMap(tensors) ? [...tensors] : Object.entries(tensors);
  const infos = sources.map(([name, { dtype, shape }]) => [name, { dtype: fileDType(dtype), shape }] as const);
  yield encodeSafetensorsHeader(infos, metadata);
  for (const [name, source] of sources) yield dataOf(name, source);
}

/** A whole file in memory. @throws as `safetensorsPieces`. */
export function writeSafetensors(tensors: Sources, metadata?: Readonly<Record<string, string>>): Uint8Array {
  const pieces = [...safetensorsPieces(tensors, metadata)];
  const file = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    file.set(piece, offset);
    offset += piece.length;
  }
  return file;
}

/** `instanceof` alone does not narrow a read-only map away from a record. */
function isMap<T>(tensors: Readonly<Record<string, T>> | ReadonlyMap<string, T>): tensors is ReadonlyMap<string, T> {
  return tensors instanceof Map;
}

function fileDType(dtype: SafetensorsSource["dtype"]): SafetensorsDType {
  return dtype in fileDTypes ? fileDTypes[dtype as DType] : (dtype as SafetensorsDType);
}

function dataOf(name: string, source: SafetensorsSource): Uint8Array {
  const bytes = "bytes" in source ? source.bytes : littleEndianBytes(source.data);
  const dtype = fileDType(source.dtype);
  const needed = sizeOf(source.shape) * safetensorsElementBytes[dtype];
  if (bytes.length !== needed) {
    throw new DitError(
      `safetensors: tensor "${name}": ${dtype} of shape [${source.shape}] takes ${needed} bytes, got ${bytes.length}`,
    );
  }
  return bytes;
}
