import { DitError } from "../ir/errors";
import { inverseNormalCdf } from "./inverseNormalCdf";
import { blockKey, fillBlocks, type StreamKey } from "./rng";

// Written out here and elsewhere, because ECMAScript lets engines approximate the power operator too.
const twoTo32 = 4294967296;
const wordsPerChunk = 2048; // 8 KiB of bits: stays in the first-level cache between drawing and transforming

/**
 * [count] float32 standard normals, one per 32-bit word of the stream: z_i = quantile((word_i + 0.5) / 2^32), computed
 * in float64 and rounded once. The bits are the same in every engine. |z| is at most 6.34, the quantile of 2^-33.
 * @throws ConfigError for a bad key.
 */
export function normal(key: StreamKey, count: number): Float32Array {
  const out = new Float32Array(count);
  fillNormal(key, out, 0, count);
  return out;
}

/**
 * Writes normals 0 to `count` - 1 of the stream to `out`, from `out[offset]` on: for filling a batch [N, ...] row by
 * row, each row with the key of its own sample.
 * @throws ConfigError for a bad key. @throws DitError when `out` is too short.
 */
export function fillNormal(key: StreamKey, out: Float32Array, offset: number, count: number): void {
  if (!(offset >= 0 && count >= 0 && offset + count <= out.length)) {
    throw new DitError(`${count} normals do not fit at offset ${offset} of an array of ${out.length}`);
  }
  const blocks = blockKey(key);
  const words = new Uint32Array(Math.min(count, wordsPerChunk));
  for (let start = 0; start < count; start += wordsPerChunk) {
    const length = Math.min(wordsPerChunk, count - start);
    fillBlocks(blocks, start / 2, length === words.length ? words : words.subarray(0, length));
    for (let i = 0; i < length; i++) out[offset + start + i] = inverseNormalCdf((words[i]! + 0.5) / twoTo32);
  }
}
