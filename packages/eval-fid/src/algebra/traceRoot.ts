import type { Factor } from "./pivotedCholesky";
import { type Block, type Rows, rowProducts } from "./rowProducts";
import { blockSize, type Tile } from "./tile";
import { tridiagonalEigenvalues } from "./tridiagonalEigenvalues";
import { tridiagonalise } from "./tridiagonalise";

/** The trace of the square root of a product of two covariances. */
export interface TraceRoot {
  readonly value: number;
  /** The smallest eigenvalue as computed: what rounding made negative counts as 0. */
  readonly smallestEigenvalue: number;
}

/**
 * tr (S1 S2)^(1/2) with S1 = P^T L L^T P: the sum of the roots of the eigenvalues of L^T (P S2 P^T) L, which is symmetric
 * and has no negative eigenvalues but by rounding. `other`: S2 [n, n]. `factor` should be that of the covariance of lower
 * rank: then there are no eigenvalues that should be 0, whose rounding errors the root would enlarge.
 */
export function traceRoot(factor: Factor, other: Float64Array, tile?: Tile): TraceRoot {
  const { rank } = factor;
  if (rank === 0) return { value: 0, smallestEigenvalue: 0 };
  const product = congruent(factor, other, tile);
  const eigenvalues = tridiagonalEigenvalues(tridiagonalise(product, rank, tile));
  const roots = eigenvalues.map((x) => Math.sqrt(Math.max(0, x))).sort();
  return {
    value: roots.reduce((sum, root) => sum + root, 0), // the small ones first
    smallestEigenvalue: eigenvalues.reduce((least, x) => Math.min(least, x), Number.POSITIVE_INFINITY),
  };
}

/**
 * The lower triangle of L^T (P S P^T) L, [rank, rank]. The permuted S exists only in strips, and the result takes the place of
 * S L, so that one matrix is all the memory that this needs. L's upper triangle is never read as a number other than 0.
 */
function congruent({ lower, order, rank }: Factor, s: Float64Array, tile?: Tile): Float64Array {
  const n = order.length;
  for (let i = 0; i < n; i++) lower.fill(0, i * n + Math.min(i + 1, rank), i * n + n);
  const options = tile && { tile };
  const columns: Rows = { data: lower, count: rank, length: n, rowStride: 1, columnStride: n, offset: 0 };
  const strip = new Float64Array(blockSize * n);
  // Transposed, so that both products run along rows: row j of `sl` is column j of S L.
  const sl = new Float64Array(rank * n);
  for (let first = 0; first < n; first += blockSize) {
    const count = Math.min(blockSize, n - first);
    gatherRows(s, order, first, count, strip);
    // Column j of L begins at row j: nothing before it needs to be summed.
    rowProducts(columns, matrix(strip, count, n), (block) => put(block, sl, n, first), {
      ...options,
      firstDepth: (i) => i,
    });
  }
  // From the last rows to the first: each needs the rows of S L up to its own, and those after it have been used.
  for (let first = Math.floor((rank - 1) / blockSize) * blockSize; first >= 0; first -= blockSize) {
    const count = Math.min(blockSize, rank - first);
    const own = { ...columns, count, offset: first };
    rowProducts(own, matrix(sl, first + count, n), (block) => put(block, strip, n), {
      ...options,
      firstDepth: () => first,
    });
    sl.set(strip.subarray(0, count * n), first * n);
  }
  for (let i = 1; i < rank; i++) sl.copyWithin(i * rank, i * n, i * n + i + 1);
  return sl.subarray(0, rank * rank);
}

/** Rows `first` to `first` + `count` of the permuted matrix. */
function gatherRows(s: Float64Array, order: Int32Array, first: number, count: number, out: Float64Array): void {
  const n = order.length;
  for (let i = 0; i < count; i++) {
    const row = order[first + i]! * n;
    for (let j = 0; j < n; j++) out[i * n + j] = s[row + order[j]!]!;
  }
}

/** The first rows of a matrix [.., n]. */
function matrix(data: Float64Array, count: number, n: number): Rows {
  return { data, count, length: n, rowStride: n, columnStride: 1, offset: 0 };
}

function put(block: Block, out: Float64Array, width: number, column = 0): void {
  for (let r = 0; r < block.rows; r++) {
    const row = block.products.subarray(r * block.stride, r * block.stride + block.columns);
    out.set(row, (block.i + r) * width + column + block.j);
  }
}
