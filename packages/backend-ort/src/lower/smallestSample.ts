/**
 * Elements of a sample's values from which a batch goes through the network a few samples at a time: on a processor, a value
 * of a few megabytes that one operation writes and the next reads costs as much as the operation itself.
 */
export const smallestSample = 2 ** 16;
