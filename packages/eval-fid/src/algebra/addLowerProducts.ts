import { type Rows, rowProducts } from "./rowProducts";
import type { Tile } from "./tile";

/**
 * Adds `sign` times a b^T to the lower triangle of the part of `target` [n, n] that begins at row and column `from`. The
 * product must be symmetric: only its lower triangle is computed. a, b: [n - from, ...]
 */
export function addLowerProducts(
  target: Float64Array,
  n: number,
  from: number,
  [a, b]: readonly [a: Rows, b: Rows],
  sign: 1 | -1,
  tile?: Tile,
): void {
  rowProducts(
    a,
    b,
    ({ i, j, rows, columns, products, stride }) => {
      for (let r = 0; r < rows; r++) {
        const at = (from + i + r) * n + from + j;
        const last = Math.min(columns, i + r - j + 1);
        for (let c = 0; c < last; c++) target[at + c] = target[at + c]! + sign * products[r * stride + c]!;
      }
    },
    { lower: true, ...(tile && { tile }) },
  );
}
