import type { DiffusionConfig } from "../diffusion/config";
import type { Process } from "../diffusion/process";
import { descending, type SamplerStep, type SamplerTable, samplerRows } from "./table";

/**
 * DDIM (Song et al. 2021, equation 12): eta 0 is deterministic, eta 1 as noisy as DDPM. The noise is derived again from
 * x0, which may be clamped, so the step is linear in x and x0; a learned variance is ignored.
 */
export function ddim(
  process: Process,
  config: Pick<DiffusionConfig, "prediction" | "variance">,
  { eta = 0 } = {},
): SamplerTable {
  return {
    learnedVariance: false,
    rows: samplerRows(process, config, descending(process), (i) => {
      const [a, previous] = [process.alphasCumprod[i]!, process.alphasCumprodPrev[i]!];
      const std = eta * Math.sqrt((1 - previous) / (1 - a)) * Math.sqrt(1 - a / previous);
      return { ...towards(process, i, previous, std), std: i === 0 ? 0 : std };
    }),
  };
}

/** The deterministic step turned round, from an image towards its noise (Song et al. 2021, section 4.3). */
export function ddimReverse(process: Process, config: Pick<DiffusionConfig, "prediction" | "variance">): SamplerTable {
  const ascending = descending(process).reverse();
  return {
    learnedVariance: false,
    rows: samplerRows(process, config, ascending, (i) => ({
      ...towards(process, i, process.alphasCumprodNext[i]!, 0),
      std: 0,
    })),
  };
}

/** x = sqrt(a) x0 + sqrt(1 - a - std^2) eps at another noise level, with eps = (sqrtRecip x - x0) / sqrtRecipm1. */
function towards(process: Process, i: number, alphaCumprod: number, std: number): Omit<SamplerStep, "std"> {
  const fromEps = Math.sqrt(1 - alphaCumprod - std * std) / process.sqrtRecipm1AlphasCumprod[i]!;
  return { fromX: fromEps * process.sqrtRecipAlphasCumprod[i]!, fromX0: Math.sqrt(alphaCumprod) - fromEps };
}
