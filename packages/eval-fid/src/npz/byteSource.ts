import { FormatError } from "@dit/core";
import type { Reading } from "@dit/core/internal";

/** A file that can be read anywhere: on a disk, in a page, in memory. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** `length` bytes from `offset` on; both lie within the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array, name = "bytes"): ByteSource {
  return { name, size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** A file that the user of a page chose. */
export function blobSource(blob: Blob, name = "file"): ByteSource {
  const read = async (offset: number, length: number) =>
    new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
  return { name, size: blob.size, read };
}

/** As `source.read`. @throws FormatError when the file is too short for it */
async function readBytes(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  if (offset < 0 || offset + length > source.size) {
    throw new FormatError(
      `${source.name}: truncated: bytes ${offset} to ${offset + length} are wanted of a file of ${source.size} bytes`,
    );
  }
  return source.read(offset, length);
}

/** What a reading comes to, with its ranges taken from `source`. @throws FormatError that names the file */
export async function readThrough<T>(source: ByteSource, reading: Reading<T>): Promise<T> {
  const next = (bytes: Uint8Array) => {
    try {
      return reading.next(bytes);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new FormatError(`${source.name}: ${cause.message}`, { cause });
    }
  };
  let step = next(new Uint8Array());
  while (!step.done) step = next(await readBytes(source, step.value.offset, step.value.length));
  return step.value;
}

/** 4 MiB: large enough that a disk is read at full speed, small beside any batch. */
const pieceBytes = 1 << 22;

/** `length` bytes from `offset` on, in pieces. */
export async function* readPieces(source: ByteSource, offset: number, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < length; at += pieceBytes) {
    yield await readBytes(source, offset + at, Math.min(pieceBytes, length - at));
  }
}
