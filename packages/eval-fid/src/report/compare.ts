import { ConfigError } from "@dit/core";
import type { EvaluationReport } from "./schema";

/** A number of two reports. */
export interface Comparison {
  readonly metric: string;
  readonly before: number;
  readonly after: number;
  /** How much worse it may be: two standard deviations of either where they are known, and never under 1%. */
  readonly allowance: number;
  readonly verdict: "better" | "same" | "worse";
}

type Metrics = EvaluationReport["metrics"];

/** What is compared: where it stands, its spread, and which way is better. */
const compared: readonly {
  readonly name: string;
  readonly value: (metrics: Metrics) => number | undefined;
  readonly std?: (metrics: Metrics) => number | undefined;
  readonly better: "less" | "more";
}[] = [
  { name: "FID", value: (m) => m.fid?.value, std: (m) => m.fid?.bootstrap?.std, better: "less" },
  { name: "sFID", value: (m) => m.sfid?.value, std: (m) => m.sfid?.bootstrap?.std, better: "less" },
  { name: "Inception Score", value: (m) => m.is?.value, std: (m) => m.is?.std, better: "more" },
  {
    name: "KID",
    value: (m) => m.kid?.value,
    std: (m) => m.kid && m.kid.std / Math.sqrt(m.kid.subsets),
    better: "less",
  },
  { name: "precision", value: (m) => m.pr?.precision, better: "more" },
  { name: "recall", value: (m) => m.pr?.recall, better: "more" },
  { name: "density", value: (m) => m.dc?.density, better: "more" },
  { name: "coverage", value: (m) => m.dc?.coverage, better: "more" },
  { name: "PRD F_8", value: (m) => m.prd?.f8, std: (m) => m.prd?.stdF8, better: "more" },
  { name: "PRD F_1/8", value: (m) => m.prd?.f1_8, std: (m) => m.prd?.stdF1_8, better: "more" },
  { name: "FID-infinity", value: (m) => m.fidInfinity?.value, std: (m) => m.fidInfinity?.residual, better: "less" },
];

/**
 * What has become better and worse since an earlier report, for every number that both have.
 * @throws ConfigError naming the first setting in which they differ: such numbers must not be compared
 */
export function compareReports(before: EvaluationReport, after: EvaluationReport): Comparison[] {
  for (const [what, of] of [
    ["mode", (r: EvaluationReport) => r.mode],
    ["feature network", (r: EvaluationReport) => `${r.network} ${r.networkHash}`],
    ["resizing and scaling", (r: EvaluationReport) => r.route],
    ["number of samples", (r: EvaluationReport) => r.fake.images],
    ["number of reference images", (r: EvaluationReport) => r.real.images],
    ["precision arithmetic", (r: EvaluationReport) => r.metrics.pr?.arithmetic],
  ] as const) {
    const [was, is] = [of(before), of(after)];
    if (was !== is && was !== undefined && is !== undefined) {
      throw new ConfigError(`the reports cannot be compared: ${what} was ${was}, now ${is}`);
    }
  }
  return compared.flatMap(({ name, value, std, better }) => {
    const [was, is] = [value(before.metrics), value(after.metrics)];
    if (was === undefined || is === undefined) return [];
    const spread = Math.hypot(std?.(before.metrics) ?? 0, std?.(after.metrics) ?? 0);
    const allowance = Math.max(2 * spread, 0.01 * Math.abs(was));
    const worseBy = better === "less" ? is - was : was - is;
    const verdict = worseBy > allowance ? "worse" : worseBy < -allowance ? "better" : "same";
    return [{ metric: name, before: was, after: is, allowance, verdict }];
  });
}
