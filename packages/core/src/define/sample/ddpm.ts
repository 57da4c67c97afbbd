import { isLearned, type VarianceType } from "../diffusion/variance";
import { eachStep, type NoiseLevel, type Predicted, predictionColumns } from "./level";
import { type SamplerRow, type SamplerTable, samplerRow } from "./table";

/** What a solver must know of the model: what it predicts, and where the variance of a step comes from. */
export interface SampledModel {
  readonly prediction: Predicted;
  readonly variance: VarianceType;
}

/** Ancestral sampling (Ho et al. 2020, algorithm 2): a draw from the posterior at each step, no noise at the last. */
export function ddpm(levels: readonly NoiseLevel[], { prediction, variance }: SampledModel): SamplerTable {
  const learnedVariance = isLearned(variance);
  const posteriors = eachStep(levels, posterior);
  const rows = posteriors.map(({ mean, least, most }, i) => {
    // At the last step nothing is left of the posterior's variance, and its logarithm is that of the step before.
    const low = Math.log(least > 0 ? least : (posteriors[i - 1]?.least ?? most));
    return samplerRow({
      ...predictionColumns(levels[i]!, prediction),
      ...mean,
      std: i === posteriors.length - 1 ? 0 : learnedVariance ? 1 : Math.sqrt(variance === "fixedLarge" ? most : least),
      ...(learnedVariance && { logVarianceLow: low, logVarianceHigh: Math.log(most) }),
    });
  });
  return { rows, learnedVariance, startScale: 1 };
}

/**
 * q(x at `to` | x at `from`, x0): its mean as a combination of x and x0, its variance (`least`, right if x0 is known) and
 * the variance of the noise that leads from one level to the other (`most`, right if x0 is standard normal).
 */
export function posterior(from: NoiseLevel, to: NoiseLevel) {
  const signal = from.alpha / to.alpha;
  const added = from.sigma ** 2 - (signal * to.sigma) ** 2;
  const mean: Pick<SamplerRow, "fromX" | "fromD"> = {
    fromX: (signal * to.sigma ** 2) / from.sigma ** 2,
    fromD: (to.alpha * added) / from.sigma ** 2,
  };
  return { mean, least: (added * to.sigma ** 2) / from.sigma ** 2, most: added };
}
