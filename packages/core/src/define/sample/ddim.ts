import type { SampledModel } from "./ddpm";
import { posterior } from "./ddpm";
import { clean, eachStep, type NoiseLevel, predictionColumns } from "./level";
import { type SamplerRow, type SamplerTable, samplerRow } from "./table";

/**
 * DDIM (Song et al. 2021, equation 12): eta 0 is deterministic, eta 1 as noisy as DDPM. The noise is derived again from
 * x0, which may be clamped, so the step is linear in x and x0; a learned variance is ignored.
 */
export function ddim(
  levels: readonly NoiseLevel[],
  { prediction }: Pick<SampledModel, "prediction">,
  { eta = 0 } = {},
): SamplerTable {
  const rows = eachStep(levels, (from, to) => {
    const std = eta * Math.sqrt(posterior(from, to).least);
    return samplerRow({ ...predictionColumns(from, prediction), ...towards(from, to, std), std });
  });
  return { rows, learnedVariance: false, startScale: 1 };
}

/** The deterministic step turned round, from an image towards its noise (Song et al. 2021, section 4.3). */
export function ddimReverse(
  levels: readonly NoiseLevel[],
  { prediction }: Pick<SampledModel, "prediction">,
): SamplerTable {
  const rising = levels.filter((level) => level !== clean).reverse();
  const noise: NoiseLevel = { timestep: rising.at(-1)!.timestep, alpha: 0, sigma: 1 };
  const rows = eachStep([...rising, noise], (from, to) =>
    samplerRow({ ...predictionColumns(from, prediction), ...towards(from, to, 0) }),
  );
  return { rows, learnedVariance: false, startScale: 1 };
}

/** alpha' x0 + sqrt(sigma'^2 - std^2) eps at the next level, with eps = (x - alpha x0) / sigma. */
export function towards(from: NoiseLevel, to: NoiseLevel, std: number): Pick<SamplerRow, "fromX" | "fromD"> {
  const fromX = Math.sqrt(to.sigma ** 2 - std ** 2) / from.sigma;
  return { fromX, fromD: to.alpha - from.alpha * fromX };
}
