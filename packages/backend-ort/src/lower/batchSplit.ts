import type { BatchSplit } from "@dit/core/internal";

/**
 * Elements of a sample's values from which a batch goes through the network a few samples at a time: on a processor, a value
 * of a few megabytes that one operation writes and the next reads costs as much as the operation itself.
 */
export const smallestSample = 2 ** 16;

/**
 * How a processor takes a batch: two samples at once for each of several threads, so that a thread finds its samples' values
 * in its own caches; one for a single thread. Images of 64 MB are in no cache: several at once would take more memory and no
 * less time.
 */
export function batchSplit(threads: number): BatchSplit {
  return { samplesAtOnce: threads === 1 ? 1 : 2 * threads, smallestSample, largestPart: 2 ** 24 };
}
