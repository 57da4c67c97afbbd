import { DitError } from "@dit/core";
import type { Tridiagonal } from "./tridiagonalise";

/** So many sweeps for one eigenvalue have never been needed; two are usual. */
const maxSweeps = 60;

/**
 * The eigenvalues of a symmetric tridiagonal matrix, in no particular order: [n]. QL sweeps with Wilkinson's shift, which
 * is really subtracted from the diagonal: in a graded matrix, whose elements span many powers of ten, the small ones would
 * not feel a shift that is only implied at the large end.
 * Source: H. Bowdler, R. S. Martin, C. Reinsch, J. H. Wilkinson, The QR and QL algorithms for symmetric matrices, 1968.
 * @throws DitError when it does not converge, which numbers that are finite have not been seen to do
 */
export function tridiagonalEigenvalues(matrix: Tridiagonal): Float64Array {
  const { d, e } = smallFirst(matrix);
  const n = d.length;
  let shift = 0;
  // What is rounding error beside the largest elements so far couples nothing.
  let largest = 0;
  const isCoupled = (i: number) => largest + Math.abs(e[i]!) > largest;
  for (let l = 0; l < n; l++) {
    largest = Math.max(largest, Math.abs(d[l]!) + Math.abs(e[l]!));
    let end = l;
    while (end + 1 < n && isCoupled(end)) end++;
    for (let sweeps = 0; end > l; sweeps++) {
      if (sweeps === maxSweeps) throw new DitError(`eigenvalue ${l} of ${n} did not converge in ${maxSweeps} sweeps`);
      shift += subtractShift(d, e, l);
      sweep(d, e, l, end);
      if (!isCoupled(l)) break;
    }
    d[l] = d[l]! + shift;
  }
  return d;
}

/** A copy that begins at the end with the smaller elements: their eigenvalues are found first, while nothing has blurred them. */
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

/** Subtracts from the diagonal the eigenvalue of the first two rows that is nearer to the first, and returns it. */
function subtractShift(d: Float64Array, e: Float64Array, l: number): number {
  const half = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  const root = Math.sqrt(half * half + 1);
  const ratio = half + (half < 0 ? -root : root);
  const shift = d[l]! - e[l]! / ratio;
  // The first two in the form in which nothing cancels.
  d[l] = e[l]! / ratio;
  d[l + 1] = e[l]! * ratio;
  for (let i = l + 2; i < d.length; i++) d[i] = d[i]! - shift;
  return shift;
}

/** One QL sweep over the rows from `end` to l, by plane rotations. */
function sweep(d: Float64Array, e: Float64Array, l: number, end: number): void {
  const second = d[l + 1]!;
  const coupling = e[l + 1]!;
  let p = d[end]!;
  let [cosine, cosineBefore, cosineBeforeThat] = [1, 1, 1];
  let [sine, sineBefore] = [0, 0];
  for (let i = end - 1; i >= l; i--) {
    cosineBeforeThat = cosineBefore;
    cosineBefore = cosine;
    sineBefore = sine;
    const g = cosine * e[i]!;
    const h = cosine * p;
    const r = Math.sqrt(p * p + e[i]! * e[i]!);
    e[i + 1] = sine * r;
    sine = e[i]! / r;
    cosine = p / r;
    p = cosine * d[i]! - sine * g;
    d[i + 1] = h + sine * (cosine * g + sine * d[i]!);
  }
  p = (-sine * sineBefore * cosineBeforeThat * coupling * e[l]!) / second;
  e[l] = sine * p;
  d[l] = cosine * p;
}
