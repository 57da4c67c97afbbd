/** A place in a run after the warm-up, in steps: `step` of `steps`, counted from 0. */
interface Place {
  readonly step: number;
  readonly steps: number;
  readonly warmup: number;
}

/** How the learning rate moves after the warm-up, as a factor of its largest value. */
export const decays = {
  constant: () => 1,
  /** Half a cosine, to 0 at the end of the run (arXiv 1608.03983). */
  cosine: ({ step, steps }: Place) => 0.5 * (1 + Math.cos((Math.PI * step) / steps)),
  /** A line, to 0 at the end of the run. */
  linear: ({ step, steps }: Place) => 1 - step / steps,
  /** Falls as the square root of the steps taken grows, without an end in sight (arXiv 1706.03762, section 5.3). */
  inverseSqrt: ({ step, warmup }: Place) => Math.sqrt(Math.max(1, warmup) / (Math.max(1, warmup) + step)),
  /** Warm-up, stable, decay: constant but for the last fifth, which falls as 1 - sqrt (arXiv 2405.18392, section 3). */
  wsd: ({ step, steps }: Place) => 1 - Math.sqrt(Math.max(0, 5 * (step / steps) - 4)),
} as const satisfies Record<string, (place: Place) => number>;

export type DecayName = keyof typeof decays;

/** How the learning rate moves over a run. */
export interface LearningRateConfig {
  /** The rate after warm-up. The paper's is 1e-4, constant. */
  readonly learningRate: number;
  /** Steps over which it rises linearly from 0. */
  readonly warmup: number;
  readonly decay: DecayName;
}

/** The rate of step `step`, counted from 0, of `steps`. */
export function learningRateAt(
  step: number,
  steps: number,
  { learningRate, warmup, decay }: LearningRateConfig,
): number {
  if (step < warmup) return (learningRate * (step + 1)) / warmup;
  return learningRate * decays[decay]({ step: step - warmup, steps: Math.max(1, steps - warmup), warmup });
}
