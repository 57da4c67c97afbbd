import type { DiffusionConfig } from "../diffusion/config";
import type { Process } from "../diffusion/process";
import { isLearned, variances } from "../diffusion/variance";
import { descending, predictionColumns } from "./steps";
import { type SamplerTable, samplerRow } from "./table";

/** Ancestral sampling (Ho et al. 2020, algorithm 2): a draw from the posterior at each step, no noise at the last. */
export function ddpm(process: Process, config: Pick<DiffusionConfig, "prediction" | "variance">): SamplerTable {
  const learnedVariance = isLearned(config.variance);
  const { low, high } = variances[config.variance](process);
  const rows = descending(process).map((i) =>
    samplerRow({
      ...predictionColumns(process, config, i),
      fromX: process.posteriorMeanCoef2[i]!,
      fromD: process.posteriorMeanCoef1[i]!,
      std: i === 0 ? 0 : learnedVariance ? 1 : Math.exp(0.5 * low[i]!),
      ...(learnedVariance && { logVarianceLow: low[i]!, logVarianceHigh: high[i]! }),
    }),
  );
  return { rows, learnedVariance, startScale: 1 };
}
