import { ConfigError } from "@dit/core";
import { headline } from "./headline";
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
  const earlier = new Map(headline(before.metrics).map((number) => [number.name, number]));
  return headline(after.metrics).flatMap(({ name, value, std = 0, better }) => {
    const was = earlier.get(name);
    if (was === undefined) return [];
    const allowance = Math.max(2 * Math.hypot(was.std ?? 0, std), 0.01 * Math.abs(was.value));
    const worseBy = better === "less" ? value - was.value : was.value - value;
    const verdict = worseBy > allowance ? "worse" : worseBy < -allowance ? "better" : "same";
    return [{ metric: name, before: was.value, after: value, allowance, verdict }];
  });
}
