import { posterior } from "../ddpm";
import { clean, predictionColumns } from "../level";
import { samplerRow } from "../table";
import { levelAt, requireImage } from "./ddim";
import type { Fields } from "./fields";
import { type DiffusersSampler, requireOptions, type StepOptions } from "./sampler";
import { predictionOf, timestepsOf, trainingNoise } from "./trainingNoise";

/** diffusers' DDPMScheduler. */
export function ddpmScheduler(fields: Fields, steps: number, options: StepOptions): DiffusersSampler {
  fields.refuse("thresholding");
  requireOptions(fields.scheduler, options, []);
  const noise = trainingNoise(fields);
  const prediction = predictionOf(fields);
  const kind = fields.choice(
    "variance_type",
    ["fixed_small", "fixed_small_log", "fixed_large", "learned_range"],
    "fixed_small",
  );
  const learnedVariance = kind === "learned_range";
  const timesteps = timestepsOf(fields, noise, steps, "leading");
  const levels = [...timesteps.map((t) => levelAt(noise.alphasCumprod[t]!, t)), clean];
  const rows = timesteps.map((t, i) => {
    const from = levels[i]!;
    requireImage(fields, from, prediction);
    const { mean, least, most } = posterior(from, levels[i + 1]!);
    const small = Math.max(least, 1e-20);
    return samplerRow({
      ...predictionColumns(from, prediction),
      ...mean,
      // Kept for parity: a run whose last timestep is not 0 adds noise at its end, too.
      std: t === 0 ? 0 : learnedVariance ? 1 : Math.sqrt(kind === "fixed_large" ? most : small),
      ...(learnedVariance && { logVarianceLow: Math.log(small), logVarianceHigh: Math.log(most) }),
    });
  });
  return {
    table: { rows, learnedVariance, startScale: 1 },
    clip: fields.flag("clip_sample", true),
    clipRange: fields.number("clip_sample_range", 1),
    variance: learnedVariance ? "learnedRange" : "fixedSmall",
    timesteps,
  };
}
