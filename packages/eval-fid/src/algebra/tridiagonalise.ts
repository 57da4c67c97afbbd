import { addLowerProducts } from "./addLowerProducts";
import type { Rows } from "./rowProducts";
import type { Tile } from "./tile";

/** A symmetric tridiagonal matrix. */
export interface Tridiagonal {
  /** [n] */
  readonly diagonal: Float64Array;
  /** [n]: element i couples i and i + 1; the last is 0. */
  readonly offDiagonal: Float64Array;
}

const panelWidth = 32;

/**
 * The tridiagonal matrix with the eigenvalues of the symmetric matrix `a` [n, n], by Householder reflections. The lower
 * triangle is read and overwritten. The reflections of a panel are applied to the rest together, as one product of
 * matrices, so that only half of the work is bound by memory.
 * Source: J. J. Dongarra, D. C. Sorensen, S. J. Hammarling, Block reduction of matrices to condensed forms, 1989.
 */
export function tridiagonalise(a: Float64Array, n: number, tile?: Tile): Tridiagonal {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  // Row r holds what reflection k adds to row r of the matrix: A - V W^T - W V^T = A - [V W] [W V]^T.
  const vw = new Float64Array(n * 2 * panelWidth);
  const wv = new Float64Array(vw.length);
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let panel = 0; panel < n; panel += panelWidth) {
    const end = Math.min(n, panel + panelWidth);
    vw.fill(0, panel * 2 * panelWidth);
    for (let j = panel; j < end; j++) {
      const k = j - panel;
      updateColumn(a, n, j, vw, k);
      diagonal[j] = a[j * n + j]!;
      if (j + 1 === n) break;
      const { scale, size } = reflection(a, n, j, v);
      offDiagonal[j] = size;
      symmetricTimesVector(a, n, j + 1, v, w);
      subtractPanelProducts(vw, n, j + 1, k, v, w);
      let dot = 0;
      for (let i = j + 1; i < n; i++) dot += w[i]! * v[i]!;
      const shift = (scale * scale * dot) / 2;
      for (let i = j + 1; i < n; i++) {
        const row = i * 2 * panelWidth;
        vw[row + k] = v[i]!;
        vw[row + panelWidth + k] = scale * w[i]! - shift * v[i]!;
      }
    }
    if (end < n) subtractPanel(a, n, end, vw, wv, tile);
  }
  return { diagonal, offDiagonal };
}

/** Brings column j up to date with the `k` reflections of its panel. */
function updateColumn(a: Float64Array, n: number, j: number, vw: Float64Array, k: number): void {
  const own = j * 2 * panelWidth;
  for (let i = j; i < n; i++) {
    const row = i * 2 * panelWidth;
    let sum = a[i * n + j]!;
    for (let p = 0; p < k; p++) {
      sum -= vw[row + p]! * vw[own + panelWidth + p]! + vw[row + panelWidth + p]! * vw[own + p]!;
    }
    a[i * n + j] = sum;
  }
}

/**
 * The reflection I - scale v v^T that maps column j below the diagonal to (`size`, 0, 0, ...). v is written from j + 1 on.
 */
function reflection(a: Float64Array, n: number, j: number, v: Float64Array): { scale: number; size: number } {
  let largest = 0;
  for (let i = j + 1; i < n; i++) {
    v[i] = a[i * n + j]!;
    largest = Math.max(largest, Math.abs(v[i]!));
  }
  if (largest === 0) return { scale: 0, size: 0 };
  let squares = 0;
  for (let i = j + 1; i < n; i++) {
    v[i] = v[i]! / largest;
    squares += v[i]! * v[i]!;
  }
  const norm = Math.sqrt(squares);
  const first = v[j + 1]!;
  // The sign that adds to the first element, so that nothing cancels.
  const signed = first < 0 ? -norm : norm;
  v[j + 1] = first + signed;
  return { scale: 1 / (squares + first * signed), size: -signed * largest };
}

/** w = A v for the rows and columns from `from` on, reading each element of the lower triangle once. */
function symmetricTimesVector(a: Float64Array, n: number, from: number, v: Float64Array, w: Float64Array): void {
  w.fill(0, from);
  let i = from;
  // Four rows together: v and w are read and written once for the four.
  for (; i + 4 <= n; i += 4) fourRows(a, n, from, i, v, w);
  for (; i < n; i++) triangleRow(a, n, from, i, v, w);
}

function fourRows(a: Float64Array, n: number, from: number, i: number, v: Float64Array, w: Float64Array): void {
  const r0 = i * n;
  const r1 = r0 + n;
  const r2 = r1 + n;
  const r3 = r2 + n;
  const v0 = v[i]!;
  const v1 = v[i + 1]!;
  const v2 = v[i + 2]!;
  const v3 = v[i + 3]!;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let j = from; j < i; j++) {
    const x = v[j]!;
    const a0 = a[r0 + j]!;
    const a1 = a[r1 + j]!;
    const a2 = a[r2 + j]!;
    const a3 = a[r3 + j]!;
    s0 += a0 * x;
    s1 += a1 * x;
    s2 += a2 * x;
    s3 += a3 * x;
    w[j] = w[j]! + (a0 * v0 + a1 * v1 + (a2 * v2 + a3 * v3));
  }
  w[i] = w[i]! + s0;
  w[i + 1] = w[i + 1]! + s1;
  w[i + 2] = w[i + 2]! + s2;
  w[i + 3] = w[i + 3]! + s3;
  for (let r = i; r < i + 4; r++) triangleRow(a, n, i, r, v, w);
}

/** The part of row i from column `from` to the diagonal, and its mirror image. */
function triangleRow(a: Float64Array, n: number, from: number, i: number, v: Float64Array, w: Float64Array): void {
  let sum = a[i * n + i]! * v[i]!;
  for (let j = from; j < i; j++) {
    sum += a[i * n + j]! * v[j]!;
    w[j] = w[j]! + a[i * n + j]! * v[i]!;
  }
  w[i] = w[i]! + sum;
}

/** w -= V (W^T v) + W (V^T v): A has not seen the panel's own reflections yet. */
function subtractPanelProducts(
  vw: Float64Array,
  n: number,
  from: number,
  k: number,
  v: Float64Array,
  w: Float64Array,
): void {
  const dots = new Float64Array(2 * panelWidth);
  for (let i = from; i < n; i++) {
    const row = i * 2 * panelWidth;
    for (let p = 0; p < k; p++) {
      dots[p] = dots[p]! + vw[row + p]! * v[i]!;
      dots[panelWidth + p] = dots[panelWidth + p]! + vw[row + panelWidth + p]! * v[i]!;
    }
  }
  for (let i = from; i < n; i++) {
    const row = i * 2 * panelWidth;
    let sum = 0;
    for (let p = 0; p < k; p++) sum += vw[row + p]! * dots[panelWidth + p]! + vw[row + panelWidth + p]! * dots[p]!;
    w[i] = w[i]! - sum;
  }
}

/** Applies a whole panel to the triangle from `end` on. `wv`: room as large as `vw`. */
function subtractPanel(a: Float64Array, n: number, end: number, vw: Float64Array, wv: Float64Array, tile?: Tile): void {
  const width = 2 * panelWidth;
  for (let i = end; i < n; i++) {
    for (let p = 0; p < width; p++) wv[i * width + p] = vw[i * width + ((p + panelWidth) % width)]!;
  }
  const rows = (data: Float64Array): Rows => {
    return { data, count: n - end, length: width, rowStride: width, columnStride: 1, offset: end * width };
  };
  addLowerProducts(a, n, end, [rows(vw), rows(wv)], -1, tile);
}
