import { blocksPerRow, type IntegerFormat } from "@dit/core/internal";

/**
 * Signed integers [N, K] as MatMulNBits reads them: [N, blocks, bytes of a block], without a sign (the middle of the range
 * stands for 0), in 4 bits two to a byte with the first in the lower half. What fills the last block of a row up is 0.
 * @param block numbers in a block: a power of two from 16
 */
export function packBlocks(
  integers: Int8Array,
  [rows, columns]: readonly [number, number],
  { bits }: Pick<IntegerFormat, "bits">,
  block: number,
): Uint8Array {
  const width = blocksPerRow(columns, { bits, block }) * block;
  const zero = 2 ** (bits - 1);
  if (bits === 8) {
    const bytes = new Uint8Array(rows * width).fill(zero);
    for (let row = 0; row < rows; row++)
      for (let j = 0; j < columns; j++) bytes[row * width + j] = integers[row * columns + j]! + zero;
    return bytes;
  }
  const bytes = new Uint8Array((rows * width) / 2).fill(zero * 17);
  for (let row = 0; row < rows; row++)
    for (let j = 0; j < columns; j += 2) {
      const low = integers[row * columns + j]! + zero;
      const high = (j + 1 < columns ? integers[row * columns + j + 1]! : 0) + zero;
      bytes[(row * width + j) / 2] = low | (high << 4);
    }
  return bytes;
}
