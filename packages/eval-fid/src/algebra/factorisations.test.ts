import { describe, expect, test } from "vitest";
import { pivotedCholesky } from "./pivotedCholesky";
import { tridiagonalEigenvalues } from "./tridiagonalEigenvalues";
import { tridiagonalise } from "./tridiagonalise";

/** X^T X of `rows` rows of n numbers: rank min(rows, n). */
function gram(rows: number, n: number): Float64Array {
  const x = Float64Array.from({ length: rows * n }, (_, i) => Math.sin(1 + i * i));
  return Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += x[r * n + Math.floor(at / n)]! * x[r * n + (at % n)]!;
    return sum;
  });
}

describe("pivoted Cholesky", () => {
  test.each([
    [200, 150, 150],
    [40, 150, 40],
    [1, 70, 1],
  ])("of %d rows of %d numbers has rank %d and multiplies back", (rows, n, expected) => {
    const s = gram(rows, n);
    const { lower, order, rank } = pivotedCholesky(s, n);
    expect(rank).toBe(expected);
    let worst = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let k = 0; k <= Math.min(j, rank - 1); k++) sum += lower[i * n + k]! * lower[j * n + k]!;
        worst = Math.max(worst, Math.abs(sum - s[order[i]! * n + order[j]!]!));
      }
    }
    expect(worst).toBeLessThan(1e-10);
  });

  test("of nothing but zeros has rank 0; features of any scale count", () => {
    expect(pivotedCholesky(new Float64Array(9), 3).rank).toBe(0);
    const { rank, conditionAtLeast } = pivotedCholesky(Float64Array.of(1e20, 0, 0, 1e-20), 2);
    expect(rank).toBe(2);
    expect(conditionAtLeast / 1e40).toBeCloseTo(1, 12);
  });
});

describe("eigenvalues", () => {
  test("of the second difference are 2 - 2 cos", () => {
    const n = 101;
    const diagonal = new Float64Array(n).fill(2);
    const offDiagonal = new Float64Array(n).fill(-1).fill(0, n - 1);
    const found = tridiagonalEigenvalues({ diagonal, offDiagonal }).sort();
    found.forEach((x, i) => {
      expect(x).toBeCloseTo(2 - 2 * Math.cos((Math.PI * (i + 1)) / (n + 1)), 13);
    });
  });

  test("of a reflected diagonal are its elements, the small ones to as many digits", () => {
    const n = 90;
    const v = Float64Array.from({ length: n }, (_, i) => Math.cos(i * i) / (1 + i));
    const squares = v.reduce((sum, x) => sum + x * x, 0);
    const h = (i: number, j: number) => (i === j ? 1 : 0) - (2 * v[i]! * v[j]!) / squares;
    const values = Float64Array.from({ length: n }, (_, i) => 1 + i);
    const a = Float64Array.from({ length: n * n }, (_, at) =>
      values.reduce((sum, x, k) => sum + x * h(Math.floor(at / n), k) * h(k, at % n), 0),
    );
    const found = tridiagonalEigenvalues(tridiagonalise(a, n)).sort();
    found.forEach((x, i) => {
      expect(x).toBeCloseTo(values[i]!, 11);
    });
  });

  test.each([
    [6, 3],
    [80, 0.15],
    [211, 0.06],
  ])("of a graded matrix of size %d keep their relative accuracy", (n, decades) => {
    // D C D for a fixed C = 2 I + ones / n: the determinant says whether the small ones are right.
    const d = Float64Array.from({ length: n }, (_, i) => 10 ** (-decades * i));
    const a = Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return d[i]! * d[j]! * ((i === j ? 2 : 0) + 1 / n);
    });
    const found = tridiagonalEigenvalues(tridiagonalise(a, n));
    const logDeterminant = Math.log(3) + (n - 1) * Math.log(2) + 2 * d.reduce((sum, x) => sum + Math.log(x), 0);
    expect(found.every((x) => x > 0)).toBe(true);
    expect(found.reduce((sum, x) => sum + Math.log(x), 0)).toBeCloseTo(logDeterminant, 9);
  });

  test.each([1, 2, 3, 33])("of size %d: trace and squares stay", (n) => {
    const a = gram(n + 1, n);
    const trace = a.reduce((sum, x, at) => sum + (at % (n + 1) === 0 ? x : 0), 0);
    const squares = a.reduce((sum, x) => sum + x * x, 0);
    const found = tridiagonalEigenvalues(tridiagonalise(a, n));
    expect(found.reduce((sum, x) => sum + x, 0) / trace).toBeCloseTo(1, 12);
    expect(found.reduce((sum, x) => sum + x * x, 0) / squares).toBeCloseTo(1, 12);
  });
});
