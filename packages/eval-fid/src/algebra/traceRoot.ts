import type { Factor } from "./pivotedCholesky";
import { type Rows, rowProducts } from "./rowProducts";
import type { Tile } from "./tile";
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
export function traceRoot({ lower, order, rank }: Factor, other: Float64Array, tile?: Tile): TraceRoot {
  const n = order.length;
  if (rank === 0) return { value: 0, smallestEigenvalue: 0 };
  const { data, size } = congruent(lower, rank, permuted(other, order), n, tile);
  const eigenvalues = tridiagonalEigenvalues(tridiagonalise(data, size, tile));
  const roots = eigenvalues.map((x) => Math.sqrt(Math.max(0, x))).sort();
  return {
    value: roots.reduce((sum, root) => sum + root, 0), // the small ones first
    smallestEigenvalue: eigenvalues.reduce((least, x) => Math.min(least, x), Number.POSITIVE_INFINITY),
  };
}

function permuted(matrix: Float64Array, order: Int32Array): Float64Array {
  const n = order.length;
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = order[i]! * n;
    for (let j = 0; j < n; j++) out[i * n + j] = matrix[row + order[j]!]!;
  }
  return out;
}

/** The lower triangle of L^T S L, [rank, rank]; S is overwritten. L's upper triangle is never read as a number other than 0. */
function congruent(lower: Float64Array, rank: number, s: Float64Array, n: number, tile?: Tile) {
  for (let i = 0; i < n; i++) lower.fill(0, i * n + Math.min(i + 1, rank), i * n + n);
  const options = tile && { tile };
  const columns: Rows = { data: lower, count: rank, length: n, rowStride: 1, columnStride: n, offset: 0 };
  const rows: Rows = { data: s, count: n, length: n, rowStride: n, columnStride: 1, offset: 0 };
  // Transposed, so that both products run along rows: row j of `sl` is column j of S L.
  const sl = new Float64Array(rank * n);
  // Column j of L begins at row j: nothing before it needs to be summed.
  rowProducts(columns, rows, (block) => put(block, sl, n), { ...options, firstDepth: (i) => i });
  const slRows: Rows = { data: sl, count: rank, length: n, rowStride: n, columnStride: 1, offset: 0 };
  const data = s.subarray(0, rank * rank);
  rowProducts(columns, slRows, (block) => put(block, data, rank), { ...options, lower: true, firstDepth: (i) => i });
  return { data, size: rank };
}

function put(
  block: { i: number; j: number; rows: number; columns: number; products: Float64Array; stride: number },
  out: Float64Array,
  width: number,
): void {
  for (let r = 0; r < block.rows; r++) {
    const row = block.products.subarray(r * block.stride, r * block.stride + block.columns);
    out.set(row, (block.i + r) * width + block.j);
  }
}
