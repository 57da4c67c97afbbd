import { ConfigError } from "../ir/errors";
import { fnv1a } from "./fnv1a";
import { threefry2x32 } from "./threefry";

/**
 * Names one sequence of random draws. Every draw is a pure function of (seed, stream, step, sample, index), so it
 * depends on neither batch size, order of calls nor backend.
 *
 * The layout is a public format: changing it changes every image and every training run. With E(key, counter) standing
 * for Threefry-2x32-20, all words unsigned 32-bit, first word first:
 *
 *     subkey      = E([seed mod 2^32, floor(seed / 2^32)], [step, sample])
 *     block b     = E(subkey, [b, fnv1a(stream)])
 *     word i      = block floor(i / 2), word i mod 2           (uniformBits, uniform, normal: one word per draw)
 *     double i    = block i as word 0 * 2^32 + word 1          (uniformInts, permutation: one block per draw)
 *
 * E is a bijection of its counter, so within a seed no two (stream, step, sample, block) encrypt the same counter under
 * the same key, as long as stream names have different hashes. Subkeys of different seeds meet only by chance (1 in
 * 2^64). Words and doubles of one key are the same blocks: use a stream for one kind of draw.
 */
export interface StreamKey {
  /** A non-negative safe integer. */
  readonly seed: number;
  /** What the draws are for, such as "noise", "timestep", "labelDropout", "dataOrder" or "init". */
  readonly stream: string;
  /** Training or sampling step, 0 to 2^32 - 1. */
  readonly step: number;
  /** Index of the sample in the whole batch or data set (never within a micro-batch), 0 to 2^32 - 1. */
  readonly sample: number;
}

/** A `StreamKey` after its key schedule: what is needed to make blocks. */
export interface BlockKey {
  readonly key0: number;
  readonly key1: number;
  readonly streamHash: number;
}

/** The key schedule of `StreamKey`. @throws ConfigError when seed, step or sample is out of range. */
export function blockKey({ seed, stream, step, sample }: StreamKey): BlockKey {
  requireInteger("seed", seed, Number.MAX_SAFE_INTEGER);
  requireInteger("step", step, 2 ** 32 - 1);
  requireInteger("sample", sample, 2 ** 32 - 1);
  const subkey = new Uint32Array(2);
  threefry2x32(seed >>> 0, Math.floor(seed / 4294967296), step, sample, subkey, 0);
  return { key0: subkey[0]!, key1: subkey[1]!, streamHash: fnv1a(stream) };
}

/** Fills `out` with the words of blocks `firstBlock`, `firstBlock + 1`, ...; an odd length drops the last word. */
export function fillBlocks({ key0, key1, streamHash }: BlockKey, firstBlock: number, out: Uint32Array): void {
  const pairs = out.length >>> 1;
  for (let i = 0; i < pairs; i++) threefry2x32(key0, key1, firstBlock + i, streamHash, out, 2 * i);
  if (out.length % 2 === 1) {
    const last = new Uint32Array(2);
    threefry2x32(key0, key1, firstBlock + pairs, streamHash, last, 0);
    out[out.length - 1] = last[0]!;
  }
}

/**
 * Draws 0 to `count` - 1: [count] words, each uniform over 0 to 2^32 - 1.
 * @throws ConfigError for a bad key or count.
 */
export function uniformBits(key: StreamKey, count: number): Uint32Array {
  requireInteger("count", count, 2 ** 32);
  const bits = new Uint32Array(count);
  fillBlocks(blockKey(key), 0, bits);
  return bits;
}

/**
 * [count] float32 numbers in [0, 1): the upper 24 bits of each word, divided by 2^24, which float32 holds exactly.
 * @throws ConfigError for a bad key or count.
 */
export function uniform(key: StreamKey, count: number): Float32Array {
  const bits = uniformBits(key, count);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = (bits[i]! >>> 8) / 16777216;
  return out;
}

/**
 * [count] integers uniform over 0 to `bound` - 1, each from its own 64-bit draw, so that no value is favoured by more
 * than 1 part in 2^33. @throws ConfigError for a bad key or count, or when `bound` is not an integer from 1 to 2^31 -
 * 1.
 */
export function uniformInts(key: StreamKey, count: number, bound: number): Int32Array {
  requireInteger("count", count, 2 ** 32);
  requireInteger("bound", bound, 2 ** 31 - 1, 1);
  const blocks = blockKey(key);
  const words = new Uint32Array(2);
  const out = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    fillBlocks(blocks, i, words);
    out[i] = multiplyHigh(words[0]!, words[1]!, bound);
  }
  return out;
}

/**
 * A uniformly random order of 0 to `length` - 1, as an i32 array: Fisher-Yates from the last place to the second, the
 * k-th swap using 64-bit draw k. For a new data order per epoch, pass the epoch as `step`.
 * @throws ConfigError for a bad key, or when `length` is not an integer from 0 to 2^31 - 1.
 */
export function permutation(key: StreamKey, length: number): Int32Array {
  requireInteger("length", length, 2 ** 31 - 1);
  const blocks = blockKey(key);
  const words = new Uint32Array(2);
  const order = new Int32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  for (let place = length - 1; place > 0; place--) {
    fillBlocks(blocks, length - 1 - place, words);
    const other = multiplyHigh(words[0]!, words[1]!, place + 1);
    const moved = order[place]!;
    order[place] = order[other]!;
    order[other] = moved;
  }
  return order;
}

/**
 * floor((high * 2^32 + low) * bound / 2^64) for bound <= 2^31. Exact: the 16-bit halves keep all products under 2^48.
 */
function multiplyHigh(high: number, low: number, bound: number): number {
  const carry = multiplyHighWord(low, bound, 0);
  return multiplyHighWord(high, bound, carry);
}

/** floor((word * bound + carry) / 2^32) for bound <= 2^31 and carry < 2^31. */
function multiplyHighWord(word: number, bound: number, carry: number): number {
  const lower = Math.floor(((word & 0xffff) * bound + carry) / 65536);
  return Math.floor(((word >>> 16) * bound + lower) / 65536);
}

function requireInteger(name: string, value: number, max: number, min = 0): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ConfigError(`random draws: ${name} must be an integer from ${min} to ${max}, got ${value}`);
  }
}
