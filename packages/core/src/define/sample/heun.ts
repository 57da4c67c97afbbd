import type { SampledModel } from "./ddpm";
import { explodingColumns, startScale } from "./euler";
import { eachStep, type NoiseLevel, noiseRatio } from "./level";
import { type SamplerRow, type SamplerTable, samplerRow } from "./table";

/**
 * Heun's method on the probability-flow ODE (Karras et al. 2022, arXiv 2206.00364, algorithm 1 without churn): an Euler
 * step, then the same step again along the mean of the slopes at its ends. Two calls to a step, one to a step that ends
 * clean. x is in variance-exploding coordinates.
 */
export function heun(levels: readonly NoiseLevel[], { prediction }: Pick<SampledModel, "prediction">): SamplerTable {
  const rows = eachStep(levels, (from, to) => {
    const length = noiseRatio(to) - noiseRatio(from);
    const euler = samplerRow({
      ...explodingColumns(from, prediction),
      ...slope(from),
      fromX: 1,
      fromD: length,
    });
    if (to.sigma === 0) return [euler];
    const mean = samplerRow({
      ...explodingColumns(to, prediction),
      ...slope(to),
      starts: 0,
      fromAnchor: 1,
      fromD: length / 2,
      fromD1: length / 2,
    });
    return [euler, mean];
  });
  return { rows: rows.flat(), learnedVariance: false, startScale: startScale(levels) };
}

/** d = (x - x0) / ratio */
function slope(level: NoiseLevel): Pick<SamplerRow, "dFromX" | "dFromX0"> {
  return { dFromX: 1 / noiseRatio(level), dFromX0: -1 / noiseRatio(level) };
}
