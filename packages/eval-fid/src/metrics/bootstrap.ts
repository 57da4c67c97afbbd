import { ConfigError, uniformInts } from "@dit/core";

/** What a metric does when its images are drawn again. */
export interface Bootstrap {
  readonly mean: number;
  /** With one less than their number in the denominator. */
  readonly std: number;
  /** 2.5th and 97.5th percentile. */
  readonly interval: readonly [low: number, high: number];
  readonly resamples: number;
}

/** Rows drawn with repetition, `resamples` times. Seeded. */
export function bootstrapRows(count: number, resamples: number, seed: number): Int32Array[] {
  return Array.from({ length: resamples }, (_, step) =>
    uniformInts({ seed, stream: "bootstrap", step, sample: 0 }, count, count),
  );
}

/** @throws ConfigError for fewer than two values */
export function bootstrapOf(values: readonly number[]): Bootstrap {
  if (values.length < 2) throw new ConfigError("a bootstrap needs at least 2 resamples");
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const sorted = values.toSorted((a, b) => a - b);
  return {
    mean,
    std: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1)),
    interval: [percentile(sorted, 0.025), percentile(sorted, 0.975)],
    resamples: values.length,
  };
}

/** Linear between neighbours, `sorted` ascending. */
function percentile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return sorted[below]! + (at - below) * (above - sorted[below]!);
}
