import { blockSize, fastestTile, type Tile, tileSize } from "./tile";

/** A matrix whose rows are multiplied with each other; element (i, k) is `data[offset + i * rowStride + k * columnStride]`. */
export interface Rows {
  readonly data: Float32Array | Float64Array;
  /** How many rows. */
  readonly count: number;
  /** Numbers in a row. */
  readonly length: number;
  readonly rowStride: number;
  readonly columnStride: number;
  readonly offset: number;
  /** [length], subtracted from every row. */
  readonly centre?: Float64Array;
}

/** The rows of a row-major matrix [count, length]. */
export function rowsOf(data: Float32Array | Float64Array, length: number, centre?: Float64Array): Rows {
  const count = length === 0 ? 0 : data.length / length;
  return { data, count, length, rowStride: length, columnStride: 1, offset: 0, ...(centre && { centre }) };
}

/** Inner products of `rows` rows of a, from `i` on, with `columns` rows of b, from `j` on. Valid until the next block. */
export interface Block {
  readonly i: number;
  readonly j: number;
  readonly rows: number;
  readonly columns: number;
  readonly products: Float64Array;
  /** From one row of products to the next. */
  readonly stride: number;
}

export interface ProductOptions {
  /** Only blocks that hold an element on or below the diagonal. */
  readonly lower?: boolean;
  /** Where the rows are known to be 0 at first: the first depth worth summing for the block at (i, j). */
  readonly firstDepth?: (i: number, j: number) => number;
  readonly tile?: Tile;
}

/**
 * a b^T, block by block, in float64: what covariances, distances, kernels and factorisations have in common. a: [N, D],
 * b: [M, D].
 */
export function rowProducts(a: Rows, b: Rows, use: (block: Block) => void, options: ProductOptions = {}): void {
  const { lower = false, firstDepth = () => 0, tile = fastestTile() } = options;
  for (let i = 0; i < a.count; i += blockSize) {
    const rows = Math.min(blockSize, a.count - i);
    for (let j = 0; j < (lower ? Math.min(b.count, i + rows) : b.count); j += blockSize) {
      const columns = Math.min(blockSize, b.count - j);
      tile.c.fill(0, 0, rows * blockSize + blockSize * tileSize);
      for (let k = firstDepth(i, j); k < a.length; k += blockSize) {
        const depth = Math.min(blockSize, a.length - k);
        pack(a, i, rows, k, depth, tile.a);
        pack(b, j, columns, k, depth, tile.b);
        multiplyPanels(tile, rows, columns, depth);
      }
      use({ i, j, rows, columns, products: tile.c, stride: blockSize });
    }
  }
}

function multiplyPanels(tile: Tile, rows: number, columns: number, depth: number): void {
  // A panel of b stays in the nearest cache while those of a pass by.
  for (let j = 0; j < columns; j += tileSize) {
    for (let i = 0; i < rows; i += tileSize) tile.multiply(i * depth, j * depth, i * blockSize + j, depth);
  }
}

/** Panels of 4 rows with their numbers interleaved; rows past the end are 0. */
function pack(
  { data, rowStride, columnStride, offset, centre }: Rows,
  first: number,
  rows: number,
  k: number,
  depth: number,
  out: Float64Array,
): void {
  let at = 0;
  for (let row = 0; row < rows; row += tileSize) {
    const filled = Math.min(tileSize, rows - row);
    const start = offset + (first + row) * rowStride + k * columnStride;
    for (let d = 0; d < depth; d++) {
      const shift = centre === undefined ? 0 : centre[k + d]!;
      let source = start + d * columnStride;
      for (let r = 0; r < filled; r++, source += rowStride) out[at + r] = data[source]! - shift;
      for (let r = filled; r < tileSize; r++) out[at + r] = 0;
      at += tileSize;
    }
  }
}
