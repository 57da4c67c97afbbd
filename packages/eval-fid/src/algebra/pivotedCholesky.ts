import { addLowerProducts } from "./addLowerProducts";
import type { Rows } from "./rowProducts";
import type { Tile } from "./tile";

/** P S P^T = L L^T of a covariance, with as many columns as S has rank. */
export interface Factor {
  /** [n, n] row-major; L is its lower triangle in the first `rank` columns, the rest is left over from computing. */
  readonly lower: Float64Array;
  /** [n]: row i of L belongs to feature `order[i]`. */
  readonly order: Int32Array;
  readonly rank: number;
  /** The largest pivot divided by the smallest: the condition number of S is at least this. */
  readonly conditionAtLeast: number;
}

const panelWidth = 64;

/**
 * Cholesky factorisation with diagonal pivoting, blocked. It ends where what is left of every variance is rounding
 * error: at most n times the machine precision of that variance. A singular matrix thus loses nothing but noise.
 * `covariance`: [n, n], symmetric, positive semidefinite; read only.
 * Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 10.3.
 */
export function pivotedCholesky(covariance: Float64Array, n: number, tile?: Tile): Factor {
  const a = covariance.slice();
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const noise = Float64Array.from({ length: n }, (_, i) => a[i * n + i]! * n * Number.EPSILON);
  let rank = 0;
  let isDone = false;
  for (let panel = 0; panel < n && !isDone; panel += panelWidth) {
    const end = Math.min(n, panel + panelWidth);
    // What this panel's columns take away from the diagonal below them.
    const taken = new Float64Array(n);
    for (let j = panel; j < end; j++) {
      const pivot = largestPivot(a, n, j, taken, noise);
      if (pivot === undefined) {
        isDone = true;
        break;
      }
      if (pivot !== j) {
        exchange(a, n, j, pivot);
        for (const list of [order, taken, noise]) [list[j], list[pivot]] = [list[pivot]!, list[j]!];
      }
      column(a, n, panel, j, taken);
      rank = j + 1;
    }
    if (!isDone) subtractPanel(a, n, panel, end, tile);
  }
  const pivots = Float64Array.from({ length: rank }, (_, i) => a[i * n + i]! ** 2);
  const [largest, smallest] = pivots.reduce(
    ([most, least], p) => [Math.max(most, p), Math.min(least, p)],
    [0, Infinity],
  );
  return { lower: a, order, rank, conditionAtLeast: rank === 0 ? 1 : largest! / smallest! };
}

/** The row from j on with the largest remaining variance that is more than noise. */
function largestPivot(a: Float64Array, n: number, j: number, taken: Float64Array, noise: Float64Array) {
  let best: number | undefined;
  let most = 0;
  for (let i = j; i < n; i++) {
    const left = a[i * n + i]! - taken[i]!;
    if (left > most && left > noise[i]!) {
      best = i;
      most = left;
    }
  }
  return best;
}

/** Exchanges rows and columns j < p of a symmetric matrix of which the lower triangle is kept. */
function exchange(a: Float64Array, n: number, j: number, p: number): void {
  const swap = (x: number, y: number) => {
    const kept = a[x]!;
    a[x] = a[y]!;
    a[y] = kept;
  };
  swap(j * n + j, p * n + p);
  for (let k = 0; k < j; k++) swap(j * n + k, p * n + k);
  for (let k = j + 1; k < p; k++) swap(k * n + j, p * n + k);
  for (let k = p + 1; k < n; k++) swap(k * n + j, k * n + p);
}

/** Column j of L, from the columns of its own panel; those before have been subtracted already. */
function column(a: Float64Array, n: number, panel: number, j: number, taken: Float64Array): void {
  const pivot = Math.sqrt(a[j * n + j]! - taken[j]!);
  const width = j - panel;
  const own = a.subarray(j * n + panel, j * n + j);
  a[j * n + j] = pivot;
  for (let i = j + 1; i < n; i++) {
    const row = i * n + panel;
    let sum = a[row + width]!;
    for (let k = 0; k < width; k++) sum -= a[row + k]! * own[k]!;
    const value = sum / pivot;
    a[row + width] = value;
    taken[i] = taken[i]! + value * value;
  }
}

/** Subtracts the products of a panel's rows from the triangle to the right of it. */
function subtractPanel(a: Float64Array, n: number, panel: number, end: number, tile?: Tile): void {
  const rows: Rows = {
    ...{ data: a, count: n - end, length: end - panel },
    ...{ rowStride: n, columnStride: 1, offset: end * n + panel },
  };
  addLowerProducts(a, n, end, [rows, rows], -1, tile);
}
