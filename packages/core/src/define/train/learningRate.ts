/** How the learning rate moves over a run. */
export interface LearningRateConfig {
  /** The rate after warm-up. The paper's is 1e-4, constant. */
  readonly learningRate: number;
  /** Steps over which it rises linearly from 0. */
  readonly warmup: number;
  /** Whether it then stays, or falls along half a cosine to 0 at the last step. */
  readonly decay: "constant" | "cosine";
}

/** The rate of step `step`, counted from 0, of `steps`. */
export function learningRateAt(
  step: number,
  steps: number,
  { learningRate, warmup, decay }: LearningRateConfig,
): number {
  if (step < warmup) return (learningRate * (step + 1)) / warmup;
  if (decay === "constant") return learningRate;
  return learningRate * 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup)));
}
