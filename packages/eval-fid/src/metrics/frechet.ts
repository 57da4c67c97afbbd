import { ConfigError, FormatError } from "@dit/core";
import { type Factor, pivotedCholesky } from "../algebra/pivotedCholesky";
import type { Tile } from "../algebra/tile";
import { traceRoot } from "../algebra/traceRoot";
import type { FeatureRows } from "../statistics/featureRows";
import { covarianceOf, type Moments, momentsOf } from "../statistics/moments";

/** A normal distribution fitted to features. */
export interface Gaussian {
  /** [D] */
  readonly mean: Float64Array;
  /** [D, D] */
  readonly covariance: Float64Array;
  readonly factor: Factor;
}

/** The Frechet distance of two normal distributions and what it is made of. */
export interface Frechet {
  /** At least 0. */
  readonly distance: number;
  /** Before rounding errors below 0 are cut off. */
  readonly unclamped: number;
  /** |m1 - m2|^2 */
  readonly meanTerm: number;
  readonly traceReal: number;
  readonly traceFake: number;
  /** tr (S1 S2)^(1/2), of which twice is subtracted. */
  readonly traceRoot: number;
  readonly rankReal: number;
  readonly rankFake: number;
  /** Condition numbers are at least these. */
  readonly conditionReal: number;
  readonly conditionFake: number;
}

/**
 * From a mean [D] and a covariance [D, D], such as `mu` and `sigma` of a file.
 * @throws FormatError when their sizes do not fit, or they hold what is no finite number
 */
export function gaussian(mean: Float64Array, covariance: Float64Array, tile?: Tile): Gaussian {
  const n = mean.length;
  if (covariance.length !== n * n) {
    throw new FormatError(
      `a mean of ${n} features and a covariance of ${covariance.length} numbers do not belong together`,
    );
  }
  if (!mean.every(Number.isFinite) || !covariance.every(Number.isFinite)) {
    throw new FormatError("mean and covariance must be finite: there is a NaN or an infinity in the statistics");
  }
  return { mean, covariance, factor: pivotedCholesky(covariance, n, tile) };
}

export function gaussianOfMoments(moments: Moments, tile?: Tile): Gaussian {
  return gaussian(moments.mean.slice(), covarianceOf(moments), tile);
}

/** @throws ConfigError for fewer than two rows */
export function gaussianOf(rows: FeatureRows, tile?: Tile): Gaussian {
  return gaussianOfMoments(momentsOf(rows), tile);
}

/**
 * |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2), by eigenvalues of a symmetric matrix: no complex numbers, and
 * singular covariances need no care. Symmetric in its arguments; their names say what the parts of the result are called.
 * Source: D. C. Dowson, B. V. Landau, 1982; Heusel et al., arXiv 1706.08500.
 * @throws ConfigError when the two have different numbers of features
 */
export function frechetDistance(real: Gaussian, fake: Gaussian, tile?: Tile): Frechet {
  const n = real.mean.length;
  if (fake.mean.length !== n) {
    throw new ConfigError(`the reference has ${n} features, the samples have ${fake.mean.length}`);
  }
  const meanTerm = real.mean.reduce((sum, x, i) => sum + (x - fake.mean[i]!) ** 2, 0);
  const traceReal = trace(real.covariance, n);
  const traceFake = trace(fake.covariance, n);
  const [low, high] = real.factor.rank <= fake.factor.rank ? [real, fake] : [fake, real];
  const root = traceRoot(low.factor, high.covariance, tile).value;
  const unclamped = meanTerm + (traceReal + traceFake - 2 * root);
  return {
    ...{ distance: Math.max(0, unclamped), unclamped, meanTerm, traceReal, traceFake, traceRoot: root },
    ...{ rankReal: real.factor.rank, rankFake: fake.factor.rank },
    ...{ conditionReal: real.factor.conditionAtLeast, conditionFake: fake.factor.conditionAtLeast },
  };
}

function trace(matrix: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += matrix[i * n + i]!;
  return sum;
}
