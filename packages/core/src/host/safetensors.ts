import type { DType } from "../ir/dtype";
import { DitError } from "../ir/errors";
import type { HostTensor } from "../ir/hostTensor";
import { type Shape, sizeOf } from "../ir/shape";
import { littleEndianBytes } from "./littleEndian";
import {
  encodeSafetensorsHeader,
  parseSafetensorsHeader,
  type SafetensorsDType,
  safetensorsElementBytes,
} from "./safetensorsHeader";

/** A tensor as it lies in a file: `bytes` is a view of the file's little-endian data, row-major. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: Shape;
  readonly bytes: Uint8Array;
}

/** A safetensors file in memory. `tensors` are in the order of their data and are converted only when asked for. */
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
  const { metadata, tensors } = parseSafetensorsHeader(bytes, bytes.length);
  const entries = new Map<string, SafetensorsEntry>();
  for (const { name, dtype, shape, byteOffset, byteLength } of tensors.values()) {
    // Not bytes.subarray(): for Node's Buffer that would be a Buffer, whose methods differ.
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset + byteOffset, byteLength);
    entries.set(name, { name, dtype, shape, bytes: view });
  }
  return { metadata, tensors: entries };
}

/**
 * A whole file in memory. Equal arguments give equal bytes: tensors are written in the order given (a record with names
 * that are integers has those first; a map keeps its order), metadata likewise.
 * @throws DitError when the bytes of a tensor do not fit its dtype and shape, or the format cannot hold its name.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, SafetensorsSource>> | ReadonlyMap<string, SafetensorsSource>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const sources = isMap(tensors) ? [...tensors] : Object.entries(tensors);
  const entries = sources.map(([name, source]) => toEntry(name, source));
  const header = encodeSafetensorsHeader(
    entries.map((entry) => [entry.name, entry]),
    metadata,
  );
  const file = new Uint8Array(entries.reduce((size, { bytes }) => size + bytes.length, header.length));
  file.set(header);
  let offset = header.length;
  for (const { bytes } of entries) {
    file.set(bytes, offset);
    offset += bytes.length;
  }
  return file;
}

/** `instanceof` alone does not narrow a read-only map away from a record. */
function isMap<T>(tensors: Readonly<Record<string, T>> | ReadonlyMap<string, T>): tensors is ReadonlyMap<string, T> {
  return tensors instanceof Map;
}

function toEntry(name: string, source: SafetensorsSource): SafetensorsEntry {
  const entry: SafetensorsEntry =
    "bytes" in source
      ? { name, dtype: source.dtype, shape: source.shape, bytes: source.bytes }
      : { name, dtype: fileDTypes[source.dtype], shape: source.shape, bytes: littleEndianBytes(source.data) };
  const needed = sizeOf(entry.shape) * safetensorsElementBytes[entry.dtype];
  if (entry.bytes.length !== needed) {
    throw new DitError(
      `safetensors: tensor "${name}": ${entry.dtype} of shape [${entry.shape}] takes ${needed} bytes, got ${entry.bytes.length}`,
    );
  }
  return entry;
}
