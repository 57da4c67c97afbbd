import type { BatchSplit } from "@dit/core/internal";

/**
 * Elements of a sample's values from which a batch goes through the network a few samples at a time: on a processor, a value
 * of a few megabytes that one operation writes and the next reads costs as much as the operation itself.
 */
export const smallestSample = 2 ** 16;

/**
 * How a processor takes a batch: as many samples at once as it has threads, so that each thread finds a sample's values in
 * its own caches. Images of 64 MB are in no cache: two of them at once would take more memory and no less time.
 */
export function batchSplit(threads: number): BatchSplit {
  return { samplesAtOnce: threads, smallestSample, largestPart: 2 ** 24 };
}
