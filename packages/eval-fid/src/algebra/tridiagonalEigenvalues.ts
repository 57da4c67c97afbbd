import { DitError } from "@dit/core";
import type { Tridiagonal } from "./tridiagonalise";

/** So many sweeps for one eigenvalue have never been needed; two are usual. */
const maxSweeps = 60;

/**
 * The eigenvalues of a symmetric tridiagonal matrix, in no particular order: [n]. Implicit QL with Wilkinson's shift;
 * what couples two neighbours is dropped where it is rounding error of both.
 * Source: G. H. Golub, C. F. Van Loan, Matrix Computations, 4th edition, section 8.3.
 * @throws DitError when it does not converge, which numbers that are finite have not been seen to do
 */
export function tridiagonalEigenvalues(matrix: Tridiagonal): Float64Array {
  const { d, e } = smallFirst(matrix);
  const n = d.length;
  for (let l = 0; l < n; l++) {
    for (let sweeps = 0; ; sweeps++) {
      const m = endOfBlock(d, e, l);
      if (m === l) break;
      if (sweeps === maxSweeps) throw new DitError(`eigenvalue ${l} of ${n} did not converge in ${maxSweeps} sweeps`);
      sweep(d, e, l, m);
    }
  }
  return d;
}

/** A copy that begins at the end with the smaller elements: QL then keeps the small eigenvalues of a graded matrix accurate. */
function smallFirst({ diagonal, offDiagonal }: Tridiagonal): { d: Float64Array; e: Float64Array } {
  const n = diagonal.length;
  const d = diagonal.slice();
  const e = offDiagonal.slice();
  if (n > 1 && Math.abs(d[0]!) > Math.abs(d[n - 1]!)) {
    d.reverse();
    e.subarray(0, n - 1).reverse();
  }
  return { d, e };
}

/** The first m from l on that is coupled to nothing after it. */
function endOfBlock(d: Float64Array, e: Float64Array, l: number): number {
  let m = l;
  while (m + 1 < d.length && Math.abs(e[m]!) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m++;
  return m;
}

/** Chases the bulge that the shift makes from the end of the block l..m to its beginning. */
function sweep(d: Float64Array, e: Float64Array, l: number, m: number): void {
  const half = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  const root = Math.sqrt(half * half + 1);
  let g = d[m]! - d[l]! + e[l]! / (half + (half < 0 ? -root : root));
  let sine = 1;
  let cosine = 1;
  let moved = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = sine * e[i]!;
    const b = cosine * e[i]!;
    const r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      // The block falls apart here.
      d[i + 1] = d[i + 1]! - moved;
      e[m] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    const shifted = d[i + 1]! - moved;
    const t = (d[i]! - shifted) * sine + 2 * cosine * b;
    moved = sine * t;
    d[i + 1] = shifted + moved;
    g = cosine * t - b;
  }
  d[l] = d[l]! - moved;
  e[l] = g;
  e[m] = 0;
}
