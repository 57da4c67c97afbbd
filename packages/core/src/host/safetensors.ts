import type { DType } from "../ir/dtype";
import { DitError } from "../ir/errors";
import type { HostTensor } from "../ir/hostTensor";
import { type Shape, sizeOf } from "../ir/shape";
import { type ByteSource, bytesSource } from "./byteSource";
import { concatBytes } from "./concatBytes";
import { littleEndianBytes } from "./littleEndian";
import {
  encodeSafetensorsHeader,
  parseSafetensorsHeader,
  type SafetensorsDType,
  safetensorsElementBytes,
  safetensorsHeaderSize,
} from "./safetensorsHeader";
import type { FileTensor, TensorFile } from "./tensorFile";

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
export function readSafetensors(bytes: Uint8Array): TensorFile {
  return openSafetensors(bytesSource(bytes));
}

/** Opens a file by its header alone; a tensor is fetched when its bytes are asked for. @throws as `readSafetensors`. */
export function openSafetensors(source: ByteSource): TensorFile {
  const start = source.read(0, Math.min(8, source.size));
  const header = source.read(0, safetensorsHeaderSize(start, source.size));
  const { metadata, tensors } = parseSafetensorsHeader(header, source.size);
  const entries = [...tensors.values()].map(({ name, dtype, shape, byteOffset, byteLength }): FileTensor => {
    return {
      name,
      dtype,
      shape,
      get bytes() {
        return source.read(byteOffset, byteLength);
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
  return concatBytes([...safetensorsPieces(tensors, metadata)]);
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
