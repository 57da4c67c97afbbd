import { FormatError } from "../ir/errors";

/** Bytes that are read in parts: those of a file on a disk, or of one in memory. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes from `offset`. @throws FormatError when the source ends before */
  read(offset: number, length: number): Uint8Array;
}

/** Bytes in memory; what is read shares their memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(offset, length) {
      requireRange(bytes.length, offset, length);
      // Not bytes.subarray(): for Node's Buffer that would be a Buffer, whose methods differ.
      return new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length);
    },
  };
}

/** @throws FormatError when a file of `size` bytes does not hold `length` of them from `offset` on */
export function requireRange(size: number, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new FormatError(`truncated: ${length} bytes from byte ${offset} on were expected, the file has ${size} bytes`);
}

/** Whether a file begins with these bytes. */
export function startsWith(source: ByteSource, magic: readonly number[]): boolean {
  if (source.size < magic.length) return false;
  const start = source.read(0, magic.length);
  return magic.every((byte, i) => start[i] === byte);
}
