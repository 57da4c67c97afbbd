import { ConfigError, DitError } from "@dit/core";
import { addLowerProducts } from "../algebra/addLowerProducts";
import type { FeatureRows } from "./featureRows";

/**
 * Mean and scatter of the rows seen so far, in float64, in memory that does not grow with their number. Two of them
 * merge into that of all rows, in any order, to about 1e-15.
 */
export interface Moments {
  readonly width: number;
  count: number;
  /** [width] */
  readonly mean: Float64Array;
  /** [width, width]: sum of (x - mean)(x - mean)^T; its lower triangle. */
  readonly scatter: Float64Array;
}

/** Of no rows. */
export function emptyMoments(width: number): Moments {
  return { width, count: 0, mean: new Float64Array(width), scatter: new Float64Array(width * width) };
}

/** Of all rows. */
export function momentsOf(rows: FeatureRows): Moments {
  const moments = emptyMoments(rows.width);
  addRows(moments, rows);
  return moments;
}

/** So many rows are centred and multiplied at a time. */
const rowsAtOnce = 1024;

/** Adds rows. @throws DitError when their width is another */
export function addRows(moments: Moments, rows: FeatureRows): void {
  for (let first = 0; first < rows.count; first += rowsAtOnce) {
    const end = Math.min(rows.count, first + rowsAtOnce);
    const data = rows.data.subarray(first * rows.width, end * rows.width);
    merge(moments, { width: rows.width, count: end - first, mean: meanOf(data, rows.width) }, (into, mean) =>
      addScatter(into, data, rows.width, mean),
    );
  }
}

/** Adds the rows that `other` has seen. @throws DitError when their width is another */
export function mergeMoments(moments: Moments, other: Moments): void {
  merge(moments, other, (into) => {
    for (let i = 0; i < into.length; i++) into[i] = into[i]! + other.scatter[i]!;
  });
}

/**
 * The pairwise update: scatters add up, and the distance of the means adds what lies between the two groups.
 * Source: T. F. Chan, G. H. Golub, R. J. LeVeque, Updating formulae and a pairwise algorithm for computing sample
 * variances, 1982.
 */
function merge(
  moments: Moments,
  other: Pick<Moments, "width" | "count" | "mean">,
  addOtherScatter: (into: Float64Array, mean: Float64Array) => void,
): void {
  const { width, mean, scatter } = moments;
  if (other.width !== width) {
    throw new DitError(`statistics of ${width} features cannot take rows of ${other.width} features`);
  }
  if (other.count === 0) return;
  const count = moments.count + other.count;
  const share = other.count / count;
  const difference = other.mean.map((x, i) => x - mean[i]!);
  addOtherScatter(scatter, other.mean);
  if (moments.count > 0) {
    for (let i = 0; i < width; i++) {
      const factor = difference[i]! * share * moments.count;
      for (let j = 0; j <= i; j++) scatter[i * width + j] = scatter[i * width + j]! + factor * difference[j]!;
    }
  }
  for (let i = 0; i < width; i++) mean[i] = mean[i]! + difference[i]! * share;
  moments.count = count;
}

function meanOf(data: Float32Array | Float64Array, width: number): Float64Array {
  const sum = new Float64Array(width);
  for (let start = 0; start < data.length; start += width) {
    for (let i = 0; i < width; i++) sum[i] = sum[i]! + data[start + i]!;
  }
  return sum.map((x) => (x * width) / data.length);
}

function addScatter(into: Float64Array, data: Float32Array | Float64Array, width: number, mean: Float64Array): void {
  const count = data.length / width;
  const centred = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) centred[i] = data[i]! - mean[i % width]!;
  const columns = { data: centred, count: width, length: count, rowStride: 1, columnStride: width, offset: 0 };
  addLowerProducts(into, width, 0, [columns, columns], 1);
}

/** The covariance [width, width] with N - 1 in the denominator. @throws ConfigError for fewer than two rows */
export function covarianceOf({ count, width, scatter }: Moments): Float64Array {
  if (count < 2)
    throw new ConfigError(`a covariance needs at least 2 images, there ${count === 1 ? "is 1" : "are none"}`);
  const out = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      out[i * width + j] = out[j * width + i] = scatter[i * width + j]! / (count - 1);
    }
  }
  return out;
}
