import type { HostTensor } from "../ir/hostTensor";

/** How the numbers of a weight matrix become small integers: each stands for integer x scale, one scale to a block of a row. */
export interface IntegerFormat {
  readonly bits: 4 | 8;
  /** Neighbours in a row that share a scale; a row's last block may be shorter. Infinity is the whole row. */
  readonly block: number;
}

/** Symmetric int8, one scale to an output channel: a number is off by at most 1/254 of the largest of its row. */
export const perChannelInt8: IntegerFormat = { bits: 8, block: Number.POSITIVE_INFINITY };

/** 4 bits in blocks of 32: a number is off by at most 1/8 of the largest of its block, and by 1/16 but at one end. */
export const blockInt4: IntegerFormat = { bits: 4, block: 32 };

/** Blocks to a row of `columns` numbers. */
export function blocksPerRow(columns: number, { block }: IntegerFormat): number {
  return Math.ceil(columns / Math.min(block, columns));
}

/**
 * The scale of each block of a matrix [N, K]: [N, blocks]. 8 bits: the largest magnitude becomes 127 or -127, so that
 * both signs reach equally far. 4 bits: there are too few integers to leave -8 out, so that the number of largest
 * magnitude becomes -8, whatever its sign: the scale of a block may be negative.
 */
export function blockScales(matrix: HostTensor<"f32">, format: IntegerFormat): Float32Array {
  const { data } = matrix;
  const [rows, columns] = matrix.shape as readonly [number, number];
  const blocks = blocksPerRow(columns, format);
  const block = Math.min(format.block, columns);
  const scales = new Float32Array(rows * blocks);
  for (let i = 0; i < scales.length; i++) {
    const row = Math.floor(i / blocks) * columns;
    const from = row + (i % blocks) * block;
    const to = Math.min(from + block, row + columns);
    let largest = 0;
    for (let j = from; j < to; j++) if (Math.abs(data[j]!) > Math.abs(largest)) largest = data[j]!;
    scales[i] = format.bits === 8 ? Math.abs(largest) / 127 : largest / -8;
  }
  return scales;
}

/** The integers [N, K] nearest to a matrix [N, K] in units of its blocks' scales: -127..127 in 8 bits, -8..7 in 4. */
export function quantize(matrix: HostTensor<"f32">, scales: Float32Array, format: IntegerFormat): Int8Array {
  const { data } = matrix;
  const columns = matrix.shape[1]!;
  const blocks = blocksPerRow(columns, format);
  const block = Math.min(format.block, columns);
  const [least, most] = format.bits === 8 ? [-127, 127] : [-8, 7];
  const integers = new Int8Array(data.length);
  for (let row = 0; row < data.length; row += columns)
    for (let b = 0; b < blocks; b++) {
      const scale = scales[(row / columns) * blocks + b]!;
      const inverse = scale === 0 ? 0 : 1 / scale;
      const end = Math.min(row + (b + 1) * block, row + columns);
      for (let i = row + b * block; i < end; i++)
        integers[i] = Math.max(least, Math.min(most, Math.round(data[i]! * inverse)));
    }
  return integers;
}

/** What integers [N, K] stand for. */
export function dequantize(
  integers: Int8Array,
  scales: Float32Array,
  columns: number,
  format: IntegerFormat,
): Float32Array {
  const blocks = blocksPerRow(columns, format);
  const block = Math.min(format.block, columns);
  const values = new Float32Array(integers.length);
  for (let i = 0; i < values.length; i++) {
    const row = Math.floor(i / columns);
    values[i] = integers[i]! * scales[row * blocks + Math.floor((i - row * columns) / block)]!;
  }
  return values;
}
