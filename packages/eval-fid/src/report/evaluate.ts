import { ConfigError } from "@dit/core";
import type { Verification } from "../features/inception/verify";
import { admNeighbours } from "../metrics/admManifold";
import { type Gaussian, gaussian, gaussianOf } from "../metrics/frechet";
import type { StoredMoments } from "../npz/moments";
import type { FeatureRows } from "../statistics/featureRows";
import type { FeatureKind, FeatureSet } from "../statistics/featureSet";
import type { Moments } from "../statistics/moments";
import { type FeatureSettings, requireSameSettings } from "../statistics/settings";
import { type MetricName, metricNames, metrics } from "./metrics";
import { automaticNotes } from "./notes";
import type { EvaluationReport } from "./schema";

/** One of the two sets that are compared: features of its images, or mean and covariance alone, or both. */
export interface Side {
  readonly name: string;
  /** How many images mean and covariance are of; null where a file does not say. */
  readonly count: number | null;
  readonly settings?: FeatureSettings;
  readonly set?: FeatureSet;
  /** Whether its images were stored as JPEG, where that is known. */
  readonly isJpeg?: boolean;
  /** Of each class, where a file brings that along without the features. */
  readonly classes?: ReadonlyMap<number, Moments>;
  /** What a file brings along, which is then used for FID instead of the features. */
  readonly moments?: Readonly<Partial<Record<FeatureKind, StoredMoments>>>;
}

/** Whose conventions hold where programs differ: splits of the Inception Score. */
export const modes = ["adm", "torch-fidelity", "pytorch-fid", "clean-fid"] as const;
export type Mode = (typeof modes)[number];

export interface EvaluateOptions {
  /** All that the two sets allow unless given. */
  readonly metrics?: readonly MetricName[];
  readonly mode?: Mode;
  readonly seed?: number;
  /** Neighbours; 3 in precision and recall, 5 in density and coverage unless given. */
  readonly k?: number;
  readonly precisionArithmetic?: "exact" | "adm-float16";
  /** Resamples for the interval of FID; none unless given. */
  readonly bootstrap?: number;
  /** Real images, compared with the reference by the same metrics: what no model could do better than. */
  readonly floor?: Side;
  /** What was found when the backend was checked, for the report. */
  readonly verification?: Verification;
  /** Versions of what computed, for the report. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Hears of each metric before it is computed. */
  readonly onMetric?: (name: MetricName) => void;
}

/** What the metrics see. Gaussians are fitted once. */
export interface Evaluation {
  readonly real: Side;
  readonly fake: Side;
  readonly mode: Mode;
  readonly seed: number;
  readonly k: number | undefined;
  readonly precisionArithmetic: "exact" | "adm-float16";
  readonly bootstrap: number;
  /** @throws ConfigError naming the side that has none */
  rows(side: "real" | "fake", kind: FeatureKind, metric: string): FeatureRows;
  gaussian(side: "real" | "fake", kind: FeatureKind, metric: string): Gaussian;
}

/**
 * Compares samples with a reference.
 * @throws ConfigError when their features were made differently, or one of `metrics` needs what is not there or another `k`
 */
export function evaluate(real: Side, fake: Side, options: EvaluateOptions = {}): EvaluationReport {
  const { mode = "adm", seed = 0, floor, verification } = options;
  const names = options.metrics ?? metricNames.filter((name) => metrics[name].isPossible(real, fake, options.k));
  if (names.includes("pr")) requireAdmNeighbours(options);
  const results = computed(real, fake, names, options);
  const settings = fake.settings ?? real.settings;
  const report: EvaluationReport = {
    format: "dit.eval-fid.report/1",
    versions: { ...options.versions },
    ...{ mode, seed },
    network: settings?.network ?? "unknown",
    networkHash: settings?.networkHash ?? "",
    route: settings?.route ?? "unknown",
    real: described(real),
    fake: described(fake),
    notes: [],
    metrics: results,
    ...(floor && { floor: { name: floor.name, images: floor.count, metrics: ofFloor(real, floor, names, options) } }),
    ...(verification && { verification }),
  };
  return { ...report, notes: automaticNotes(report, real, fake) };
}

function requireAdmNeighbours({ precisionArithmetic, k = admNeighbours }: EvaluateOptions): void {
  if (precisionArithmetic !== "adm-float16" || k === admNeighbours) return;
  throw new ConfigError(
    `precision and recall as ADM's program rounds them have ${admNeighbours} neighbours, not ${k}; leave k out, or take exact arithmetic`,
  );
}

function ofFloor(real: Side, floor: Side, names: readonly MetricName[], options: EvaluateOptions) {
  const possible = names.filter((name) => metrics[name].isPossible(real, floor, options.k));
  return computed(real, floor, possible, { ...options, bootstrap: 0 });
}

function computed(
  real: Side,
  fake: Side,
  names: readonly MetricName[],
  options: EvaluateOptions,
): EvaluationReport["metrics"] {
  requireSameSettings(real.settings, fake.settings, [real.name, fake.name]);
  const { mode = "adm", seed = 0, bootstrap = 0, precisionArithmetic = "exact", k } = options;
  const evaluation: Evaluation = { real, fake, mode, seed, bootstrap, precisionArithmetic, k, ...access(real, fake) };
  const results: Record<string, unknown> = {};
  for (const name of names) {
    options.onMetric?.(name);
    results[name] = metrics[name].compute(evaluation);
  }
  return results as EvaluationReport["metrics"];
}

function described({ name, count, settings }: Side): EvaluationReport["real"] {
  return { name, images: count, imageSize: settings?.imageSize ?? null };
}

function access(real: Side, fake: Side): Pick<Evaluation, "rows" | "gaussian"> {
  const sides = { real, fake };
  const fitted = new Map<string, Gaussian>();
  const rows: Evaluation["rows"] = (side, kind, metric) => {
    const found = sides[side].set?.rows[kind];
    if (found === undefined) throw missing(sides[side].name, kind, metric);
    return found;
  };
  const atLeastTwo: Evaluation["rows"] = (side, kind, metric) => {
    const found = rows(side, kind, metric);
    if (found.count >= 2) return found;
    throw new ConfigError(`${metric} needs at least 2 images of each set, and ${sides[side].name} has ${found.count}`);
  };
  return {
    rows,
    gaussian: (side, kind, metric) => {
      const key = `${side} ${kind}`;
      const stored = sides[side].moments?.[kind];
      const known = fitted.get(key);
      if (known !== undefined) return known;
      const fit = stored ? gaussian(stored.mean, stored.covariance) : gaussianOf(atLeastTwo(side, kind, metric));
      fitted.set(key, fit);
      return fit;
    },
  };
}

function missing(name: string, kind: FeatureKind, metric: string): ConfigError {
  const what = { features: "features of its images", spatial: "spatial features", logits: "logits" }[kind];
  return new ConfigError(`${metric} needs ${what}, and ${name} has none; leave ${metric} out of the metrics`);
}
