import { ConfigError, permutation } from "@dit/core";
import { type FeatureRows, selectRows } from "../statistics/featureRows";
import { frechetDistance, type Gaussian, gaussianOf } from "./frechet";

/** FID of infinitely many samples, estimated. */
export interface FidInfinity {
  readonly intercept: number;
  /** FID is about intercept + slope / N. */
  readonly slope: number;
  /** Root mean square of what the line leaves over. */
  readonly residual: number;
  readonly sizes: readonly number[];
  readonly distances: readonly number[];
}

/** FID of those rows of `fake`, in that order or not. */
export function fidOfRows(real: Gaussian, fake: FeatureRows, rows: ArrayLike<number>): number {
  return frechetDistance(real, gaussianOf(selectRows(fake, rows))).unclamped;
}

/** 15 sizes from a tenth of N (at most 5000) to N, evenly spaced, as is usual. @throws ConfigError for fewer than 30 images */
export function usualSizes(count: number): number[] {
  if (count < 30) throw new ConfigError(`FID-infinity needs at least 30 images, there are ${count}`);
  const first = Math.min(5000, Math.floor(count / 10));
  return Array.from({ length: 15 }, (_, i) => Math.round(first + ((count - first) * i) / 14));
}

/**
 * FIDs of random subsets of growing size, and the line in 1 / N through them. Seeded.
 * Source: Chong and Forsyth, arXiv 1911.07023, section 4.
 */
export function fidInfinity(
  real: Gaussian,
  fake: FeatureRows,
  { seed, sizes = usualSizes(fake.count) }: { readonly seed: number; readonly sizes?: readonly number[] },
): FidInfinity {
  const distances = sizes.map((size, step) =>
    fidOfRows(real, fake, permutation({ seed, stream: "fidInfinity", step, sample: 0 }, fake.count).subarray(0, size)),
  );
  return fitInverse(sizes, distances);
}

/** The least-squares line in 1 / size. */
export function fitInverse(sizes: readonly number[], distances: readonly number[]): FidInfinity {
  const x = sizes.map((size) => 1 / size);
  const meanX = mean(x);
  const meanY = mean(distances);
  const slope =
    x.reduce((sum, xi, i) => sum + (xi - meanX) * (distances[i]! - meanY), 0) /
    x.reduce((sum, xi) => sum + (xi - meanX) ** 2, 0);
  const intercept = meanY - slope * meanX;
  const residual = Math.sqrt(mean(x.map((xi, i) => (distances[i]! - intercept - slope * xi) ** 2)));
  return { intercept, slope, residual, sizes, distances };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
