import { ConfigError } from "@dit/core";
import { admManifold, admNeighbours } from "../metrics/admManifold";
import { bootstrapOf, bootstrapRows } from "../metrics/bootstrap";
import { fidInfinity, fidOfRows } from "../metrics/fidInfinity";
import { frechetDistance, gaussianOf, gaussianOfMoments } from "../metrics/frechet";
import { chunks, equalSplits, inceptionScore } from "../metrics/inceptionScore";
import { kid, kidSubsets } from "../metrics/kid";
import { manifold } from "../metrics/manifold";
import { numpyPermutation } from "../metrics/numpyPermutation";
import { prd } from "../metrics/prd";
import type { FeatureRows } from "../statistics/featureRows";
import { type FeatureKind, ofClass } from "../statistics/featureSet";
import type { Moments } from "../statistics/moments";
import type { Evaluation, Side } from "./evaluate";
import type { EvaluationReport } from "./schema";

type Metrics = Required<EvaluationReport["metrics"]>;
export type MetricName = keyof Metrics;

interface Metric<N extends MetricName> {
  /** @param k neighbours, where another number than the metric's own was asked for */
  readonly isPossible: (real: Side, fake: Side, k?: number) => boolean;
  readonly compute: (evaluation: Evaluation) => Metrics[N];
}

const hasRows =
  (kind: FeatureKind, atLeast = 1) =>
  (side: Side) =>
    (side.set?.rows[kind]?.count ?? 0) >= atLeast;
const hasMoments = (kind: FeatureKind) => (side: Side) => hasRows(kind, 2)(side) || side.moments?.[kind] !== undefined;
const both = (test: (side: Side) => boolean) => (real: Side, fake: Side) => test(real) && test(fake);

/** Whether each image has so many others. */
const hasNeighbours =
  (ownK: number) =>
  (real: Side, fake: Side, k = ownK) =>
    both(hasRows("features", k + 1))(real, fake);

const hasClasses = (side: Side) =>
  side.classes !== undefined || (hasRows("features")(side) && side.set?.labels !== undefined);
const labelsOf = ({ classes, set }: Side) => (classes === undefined ? (set?.labels ?? []) : [...classes.keys()]);
const classOf = ({ classes, set }: Side, label: number) =>
  classes === undefined ? ofClass(set!, label) : classes.get(label);
const fitted = (part: Moments | FeatureRows) => ("scatter" in part ? gaussianOfMoments(part) : gaussianOf(part));

/** Neighbours, as their authors chose them. */
const precisionNeighbours = 3;
const densityNeighbours = 5;
const prdClusters = 20;
const kidSubsetsDrawn = 100;

/** What can be computed, by the name that it has in a report. */
export const metrics: { readonly [N in MetricName]: Metric<N> } = {
  fid: { isPossible: both(hasMoments("features")), compute: (e) => frechet(e, "features", "FID") },
  sfid: { isPossible: both(hasMoments("spatial")), compute: (e) => frechet(e, "spatial", "sFID") },
  is: {
    isPossible: (_, fake) => hasRows("logits")(fake),
    compute: ({ rows, mode }) => {
      const logits = rows("fake", "logits", "the Inception Score");
      // ADM scores chunks of 5000 in the order given; torch-fidelity ten parts of a set that it shuffles by NumPy's stream.
      const isAdm = mode === "adm";
      const groups = isAdm ? chunks(logits.count, 5000) : equalSplits(logits.count, Math.min(10, logits.count));
      const order = isAdm ? undefined : numpyPermutation(2020, logits.count);
      const { mean, stdPopulation } = inceptionScore(logits, groups, order);
      return { value: mean, std: stdPopulation, splits: groups.length };
    },
  },
  kid: {
    isPossible: both(hasRows("features", 2)),
    compute: ({ rows, seed }) => {
      const [real, fake] = [rows("real", "features", "KID"), rows("fake", "features", "KID")];
      const subsetSize = Math.min(1000, real.count, fake.count);
      // Where a subset is the whole of both sets, one says all.
      const drawn = subsetSize < Math.max(real.count, fake.count) ? kidSubsetsDrawn : 1;
      const subsets = kidSubsets(real.count, fake.count, { subsets: drawn, size: subsetSize, seed });
      const { mean, stdPopulation } = kid(real, fake, subsets);
      return { value: mean, std: stdPopulation, subsets: subsets.length, subsetSize };
    },
  },
  pr: {
    isPossible: hasNeighbours(precisionNeighbours),
    compute: ({ rows, k = precisionNeighbours, precisionArithmetic: arithmetic }) => {
      const name = "precision and recall";
      const [real, fake] = [rows("real", "features", name), rows("fake", "features", name)];
      const spread = (found: { readonly precision: number; readonly recall: number }) => ({
        stdPrecision: stdOfShare(found.precision, fake.count),
        stdRecall: stdOfShare(found.recall, real.count),
      });
      if (arithmetic === "adm-float16") {
        const found = admManifold(real, fake);
        return { k: admNeighbours, arithmetic, ...found, ...spread(found) };
      }
      const { precision, recall, precisionStrict, recallStrict, realism } = manifold(real, fake, k);
      const found = { precision, recall, precisionStrict, recallStrict, realism };
      return { k, arithmetic, ...found, ...spread(found) };
    },
  },
  dc: {
    isPossible: hasNeighbours(densityNeighbours),
    compute: ({ rows, k = densityNeighbours }) => {
      const name = "density and coverage";
      const { density, coverage } = manifold(rows("real", "features", name), rows("fake", "features", name), k);
      return { k, density, coverage };
    },
  },
  prd: {
    isPossible: both(hasRows("features", prdClusters / 2)),
    compute: ({ rows, seed }) => {
      const result = prd(rows("real", "features", "PRD"), rows("fake", "features", "PRD"), {
        seed,
        clusters: prdClusters,
      });
      const { f8, f1_8, stdF8, stdF1_8, clusters, runs, rowsOfEach } = result;
      const curve = Array.from(result.recall, (recall, i): [number, number] => [recall, result.precision[i]!]);
      return { f8, f1_8, stdF8, stdF1_8, clusters, runs, imagesOfEach: rowsOfEach, curve };
    },
  },
  fidInfinity: {
    isPossible: (real, fake) => hasMoments("features")(real) && hasRows("features", 30)(fake),
    compute: ({ rows, gaussian, seed }) => {
      const name = "FID-infinity";
      const fit = fidInfinity(gaussian("real", "features", name), rows("fake", "features", name), { seed });
      const { intercept, slope, residual, sizes, distances } = fit;
      return { value: intercept, slope, residual, sizes: [...sizes], distances: [...distances] };
    },
  },
  perClass: {
    isPossible: both(hasClasses),
    compute: ({ real, fake }) => {
      const without = [real, fake].find((side) => !hasClasses(side));
      if (without !== undefined) {
        throw new ConfigError(
          `per-class FID needs the classes of at least 1 image, and ${without.name} has none; leave perClass out of the metrics`,
        );
      }
      const labels = [...new Set([...labelsOf(real), ...labelsOf(fake)])].sort((a, b) => a - b);
      return labels.map((label) => {
        const [theirs, ours] = [classOf(real, label), classOf(fake, label)];
        const [realCount, fakeCount] = [theirs?.count ?? 0, ours?.count ?? 0];
        const fid = realCount < 2 || fakeCount < 2 ? null : frechetDistance(fitted(theirs!), fitted(ours!)).distance;
        return { label, real: realCount, fake: fakeCount, fid };
      });
    },
  },
};

const stdOfShare = (share: number, count: number) => Math.sqrt((share * (1 - share)) / count);

export const metricNames = Object.keys(metrics) as readonly MetricName[];

function frechet(evaluation: Evaluation, kind: FeatureKind, name: string): Metrics["fid"] {
  const { gaussian, rows, bootstrap, seed } = evaluation;
  const real = gaussian("real", kind, name);
  const { distance, ...parts } = frechetDistance(real, gaussian("fake", kind, name));
  if (bootstrap === 0) return { value: distance, ...parts };
  const fake = rows("fake", kind, `an interval of ${name}`);
  const again = bootstrapRows(fake.count, bootstrap, seed).map((indices) => fidOfRows(real, fake, indices));
  const { mean, std, interval, resamples } = bootstrapOf(again);
  return { value: distance, ...parts, bootstrap: { mean, std, interval: [...interval], resamples } };
}
