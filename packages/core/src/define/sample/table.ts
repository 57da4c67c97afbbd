import type { DiffusionConfig } from "../diffusion/config";
import { type PredictionType, predictions } from "../diffusion/prediction";
import type { Process } from "../diffusion/process";
import { variances } from "../diffusion/variance";

/**
 * One step of a sampler as numbers, computed once on the host in float64. With o the network's output for x at
 * `timestep`: x0 = x0FromX x + x0FromOutput o, clamped if asked for; then x becomes fromX x + fromX0 x0 + std noise.
 * Where the variance is learned, std is multiplied by the deviation that the network's value picks between the two log
 * variances.
 */
export interface SamplerRow {
  readonly timestep: number;
  readonly x0FromX: number;
  readonly x0FromOutput: number;
  readonly fromX: number;
  readonly fromX0: number;
  readonly std: number;
  readonly logVarianceLow: number;
  readonly logVarianceHigh: number;
}

/** A whole sampling run, in the order in which the steps are taken. */
export interface SamplerTable {
  readonly rows: readonly SamplerRow[];
  /** Whether the noise is scaled by the variance that the network learned. */
  readonly learnedVariance: boolean;
}

/** What a sampler adds to a step: how x and x0 make the next x. */
export type SamplerStep = Pick<SamplerRow, "fromX" | "fromX0" | "std">;

/** The rows of a sampler that visits the steps of a chain in the given order. */
export function samplerRows(
  process: Process,
  config: Pick<DiffusionConfig, "prediction" | "variance">,
  order: readonly number[],
  stepAt: (i: number) => SamplerStep,
): SamplerRow[] {
  const type: PredictionType = config.prediction;
  const { fromX, fromOutput } = predictions[type].toX0(process);
  const { low, high } = variances[config.variance](process);
  return order.map((i) => ({
    timestep: process.timesteps[i]!,
    x0FromX: fromX[i]!,
    x0FromOutput: fromOutput[i]!,
    logVarianceLow: low[i]!,
    logVarianceHigh: high[i]!,
    ...stepAt(i),
  }));
}

/** From the noisiest step to the last. */
export function descending({ steps }: Process): number[] {
  return Array.from({ length: steps }, (_, i) => steps - 1 - i);
}
