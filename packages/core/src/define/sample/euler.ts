import type { SampledModel } from "./ddpm";
import { eachStep, type NoiseLevel, noiseRatio, predictionColumns } from "./level";
import { type SamplerRow, type SamplerTable, samplerRow } from "./table";

/** Euler's method on the probability-flow ODE (Karras et al. 2022, arXiv 2206.00364, equation 4). */
export function euler(levels: readonly NoiseLevel[], { prediction }: Pick<SampledModel, "prediction">): SamplerTable {
  const rows = eachStep(levels, (from, to) => {
    const kept = noiseRatio(to) / noiseRatio(from);
    return samplerRow({ ...explodingColumns(from, prediction), fromX: kept, fromD: 1 - kept });
  });
  return { rows, learnedVariance: false, startScale: startScale(levels) };
}

/**
 * The network's call in variance-exploding coordinates: the state is x / alpha = x0 + ratio * noise, whose ODE has the
 * straight lines dx / dratio = (x - x0) / ratio; the network is given alpha times it.
 */
export function explodingColumns(
  level: NoiseLevel,
  prediction: SampledModel["prediction"],
): Pick<SamplerRow, "timestep" | "inputScale" | "x0FromX" | "x0FromOutput"> {
  const { x0FromX, ...columns } = predictionColumns(level, prediction);
  return { ...columns, x0FromX: level.alpha * x0FromX, inputScale: level.alpha };
}

/** Standard normal x is this many times smaller than x / alpha. */
export function startScale(levels: readonly NoiseLevel[]): number {
  return 1 / levels[0]!.alpha;
}
