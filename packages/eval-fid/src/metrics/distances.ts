import { rowProducts, rowsOf } from "../algebra/rowProducts";
import type { FeatureRows } from "../statistics/featureRows";

/** A squared distance and how far, at most, rounding has moved it. */
export type VisitDistance = (i: number, j: number, squared: number, margin: number) => void;

/**
 * Squared distances of all rows of `a` to all rows of `b` by |u|^2 - 2 u.v + |v|^2, which a product of matrices gives
 * fast but not exactly. Both sets are moved by `centre` first, which keeps the error small. With `lower` only i > j.
 */
export function eachDistance(
  a: FeatureRows,
  b: FeatureRows,
  centre: Float64Array,
  visit: VisitDistance,
  lower = false,
): void {
  const normsA = norms(a, centre);
  const normsB = norms(b, centre);
  // Every sum of D products has an error of at most D roundings of the sum of their magnitudes; a few more for the rest.
  const slack = 2 * (a.width + 4) * Number.EPSILON;
  rowProducts(
    rowsOf(a.data, a.width, centre),
    rowsOf(b.data, b.width, centre),
    ({ i, j, rows, columns, products, stride }) => {
      for (let r = 0; r < rows; r++) {
        const u = normsA[i + r]!;
        const last = lower ? Math.min(columns, i + r - j) : columns;
        for (let c = 0; c < last; c++) {
          const v = normsB[j + c]!;
          visit(i + r, j + c, u * u - 2 * products[r * stride + c]! + v * v, slack * (u + v) * (u + v));
        }
      }
    },
    { lower },
  );
}

/** By direct differences: 0 for equal rows, and ties stay ties. */
export function squaredDistance(a: FeatureRows, i: number, b: FeatureRows, j: number): number {
  const { width } = a;
  const p = i * width;
  const q = j * width;
  let sum = 0;
  for (let k = 0; k < width; k++) {
    const difference = a.data[p + k]! - b.data[q + k]!;
    sum += difference * difference;
  }
  return sum;
}

/** The mean of both sets' rows: [width]. */
export function commonCentre(a: FeatureRows, b: FeatureRows): Float64Array {
  const centre = new Float64Array(a.width);
  for (const { data, width } of [a, b]) {
    for (let start = 0; start < data.length; start += width) {
      for (let k = 0; k < width; k++) centre[k] = centre[k]! + data[start + k]!;
    }
  }
  return centre.map((sum) => sum / (a.count + b.count));
}

function norms({ data, width, count }: FeatureRows, centre: Float64Array): Float64Array {
  return Float64Array.from({ length: count }, (_, row) => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += (data[row * width + k]! - centre[k]!) ** 2;
    return Math.sqrt(sum);
  });
}
