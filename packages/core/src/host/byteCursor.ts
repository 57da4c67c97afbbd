import { FormatError } from "../ir/errors";
import type { ByteSource } from "./byteSource";

/** Reads a source from front to back, some bytes at a time. */
export interface ByteCursor {
  /** Where the next byte lies in the source. */
  position(): number;
  byte(): number;
  /** The next `length` bytes. @throws FormatError when the part ends before */
  take(length: number): Uint8Array;
}

const blockBytes = 2 ** 16; // one read of the disk serves thousands of small ones

/** A cursor over the bytes of `source` from `start` up to `end`. */
export function byteCursor(source: ByteSource, start: number, end: number): ByteCursor {
  let block: Uint8Array = new Uint8Array(0);
  let [blockStart, at] = [start, start];
  const take = (length: number): Uint8Array => {
    if (!(length >= 0 && at + length <= end)) {
      throw new FormatError(`truncated: ${length} bytes from byte ${at} on were expected, ${end - at} are left`);
    }
    if (at + length > blockStart + block.length) {
      blockStart = at;
      block = source.read(at, Math.min(end - at, Math.max(length, blockBytes)));
    }
    const from = at - blockStart;
    at += length;
    return block.subarray(from, from + length);
  };
  return { position: () => at, byte: () => take(1)[0]!, take };
}
