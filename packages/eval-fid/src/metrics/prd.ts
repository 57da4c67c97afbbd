import { ConfigError } from "@dit/core";
import { type FeatureRows, requireSameWidth, selectRows } from "../statistics/featureRows";
import { kMeans } from "./kMeans";
import { spreadOf } from "./spread";

/** A curve of precision against recall. */
export interface PrdCurve {
  /** [angles] */
  readonly precision: Float64Array;
  readonly recall: Float64Array;
}

/** The curve of a run, or of the mean over runs, with its two numbers: recall counts more in F_8, precision in F_1/8. */
export interface Prd extends PrdCurve {
  readonly f8: number;
  readonly f1_8: number;
}

export interface PrdOptions {
  readonly seed: number;
  readonly clusters?: number;
  /** Clusterings whose curves are averaged. */
  readonly runs?: number;
}

/** PRD with the spread that the clusterings leave. */
export interface PrdResult extends Prd {
  readonly stdF8: number;
  readonly stdF1_8: number;
  readonly clusters: number;
  readonly runs: number;
  readonly rowsOfEach: number;
}

/** Angles between the axes, of which none is reached: the authors' number. */
const usualAngles = 1001;
const epsilon = 1e-10;

/**
 * Precision and recall for distributions: both sets are clustered together, and their histograms over the clusters
 * compared. Sets of different size are cut to the smaller.
 * Source: Sajjadi et al., arXiv 1806.00035, section 3.
 * Differs: Lloyd's k-means, seeded, in place of unseeded mini-batches.
 * @throws ConfigError when there are fewer rows than clusters
 */
export function prd(real: FeatureRows, fake: FeatureRows, options: PrdOptions): PrdResult {
  requireSameWidth(real, fake);
  const { seed, clusters = 20, runs = 10 } = options;
  const n = Math.min(real.count, fake.count);
  if (2 * n < clusters)
    throw new ConfigError(`PRD with ${clusters} clusters needs at least ${clusters / 2} images of each`);
  const both = stacked(first(fake, n), first(real, n));
  const curves = Array.from({ length: runs }, (_, run) => prdOfLabels(kMeans(both, clusters, seed, run), clusters));
  const f8 = spreadOf(curves.map((curve) => curve.f8));
  const f1_8 = spreadOf(curves.map((curve) => curve.f1_8));
  const spread = { stdF8: f8.stdPopulation, stdF1_8: f1_8.stdPopulation };
  return { ...meanPrd(curves), ...spread, clusters, runs, rowsOfEach: n };
}

/** From the clusters of as many fake rows as real rows, the fake ones first. */
export function prdOfLabels(labelsFakeThenReal: ArrayLike<number>, clusters: number, angles = usualAngles): Prd {
  const n = labelsFakeThenReal.length / 2;
  const fake = new Float64Array(clusters);
  const real = new Float64Array(clusters);
  for (let i = 0; i < 2 * n; i++) {
    const histogram = i < n ? fake : real;
    histogram[labelsFakeThenReal[i]!] = histogram[labelsFakeThenReal[i]!]! + 1 / n;
  }
  const precision = new Float64Array(angles);
  const recall = new Float64Array(angles);
  for (let a = 0; a < angles; a++) {
    const slope = Math.tan(epsilon + ((Math.PI / 2 - 2 * epsilon) * a) / (angles - 1));
    let shared = 0;
    for (let c = 0; c < clusters; c++) shared += Math.min(real[c]! * slope, fake[c]!);
    precision[a] = clipped(shared);
    recall[a] = clipped(shared / slope);
  }
  return withScores({ precision, recall });
}

/** The curve whose points are the means of the points of several. */
export function meanPrd(curves: readonly PrdCurve[]): Prd {
  const mean = (of: (curve: PrdCurve) => Float64Array) =>
    of(curves[0]!).map((_, a) => curves.reduce((sum, c) => sum + of(c)[a]!, 0) / curves.length);
  return withScores({ precision: mean((c) => c.precision), recall: mean((c) => c.recall) });
}

function withScores(curve: PrdCurve): Prd {
  return { ...curve, f8: largestF(curve, 8), f1_8: largestF(curve, 1 / 8) };
}

/** The largest F_beta along the curve. */
function largestF({ precision, recall }: PrdCurve, beta: number): number {
  const square = beta * beta;
  let most = 0;
  for (const [a, p] of precision.entries()) {
    const r = recall[a]!;
    most = Math.max(most, ((1 + square) * p * r) / (square * p + r + epsilon));
  }
  return most;
}

const clipped = (x: number) => Math.min(1, Math.max(0, x));

function first(rows: FeatureRows, count: number): FeatureRows {
  return selectRows(
    rows,
    Array.from({ length: count }, (_, i) => i),
  );
}

function stacked(a: FeatureRows, b: FeatureRows): FeatureRows {
  const data = new Float64Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return { count: a.count + b.count, width: a.width, data };
}
