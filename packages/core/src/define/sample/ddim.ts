import type { DiffusionConfig } from "../diffusion/config";
import type { Process } from "../diffusion/process";
import { descending, predictionColumns } from "./steps";
import { type SamplerRow, type SamplerTable, samplerRow } from "./table";

/**
 * DDIM (Song et al. 2021, equation 12): eta 0 is deterministic, eta 1 as noisy as DDPM. The noise is derived again from
 * x0, which may be clamped, so the step is linear in x and x0; a learned variance is ignored.
 */
export function ddim(
  process: Process,
  config: Pick<DiffusionConfig, "prediction" | "variance">,
  { eta = 0 } = {},
): SamplerTable {
  const rows = descending(process).map((i) => {
    const [a, previous] = [process.alphasCumprod[i]!, process.alphasCumprodPrev[i]!];
    const std = eta * Math.sqrt((1 - previous) / (1 - a)) * Math.sqrt(1 - a / previous);
    return samplerRow({
      ...predictionColumns(process, config, i),
      ...towards(process, i, previous, std),
      std: i === 0 ? 0 : std,
    });
  });
  return { rows, learnedVariance: false, startScale: 1 };
}

/** The deterministic step turned round, from an image towards its noise (Song et al. 2021, section 4.3). */
export function ddimReverse(process: Process, config: Pick<DiffusionConfig, "prediction" | "variance">): SamplerTable {
  const ascending = descending(process).reverse();
  const rows = ascending.map((i) =>
    samplerRow({
      ...predictionColumns(process, config, i),
      ...towards(process, i, process.alphasCumprodNext[i]!, 0),
    }),
  );
  return { rows, learnedVariance: false, startScale: 1 };
}

/** x = sqrt(a) x0 + sqrt(1 - a - std^2) eps at another noise level, with eps = (sqrtRecip x - x0) / sqrtRecipm1. */
function towards(process: Process, i: number, alphaCumprod: number, std: number): Pick<SamplerRow, "fromX" | "fromD"> {
  const fromEps = Math.sqrt(1 - alphaCumprod - std * std) / process.sqrtRecipm1AlphasCumprod[i]!;
  return { fromX: fromEps * process.sqrtRecipAlphasCumprod[i]!, fromD: Math.sqrt(alphaCumprod) - fromEps };
}
