import { ConfigError } from "../../../ir/errors";
import { towards } from "../ddim";
import { posterior } from "../ddpm";
import { type NoiseLevel, noiseColumns, type Predicted, predictionColumns } from "../level";
import { type SamplerRow, samplerRow } from "../table";
import type { Fields } from "./fields";
import { type DiffusersSampler, requireOptions, type StepOptions } from "./sampler";
import { predictionOf, timestepsOf, trainingNoise } from "./trainingNoise";

/** diffusers' DDIMScheduler. */
export function ddimScheduler(fields: Fields, steps: number, options: StepOptions): DiffusersSampler {
  fields.refuse("thresholding");
  requireOptions(fields.scheduler, options, ["eta", "use_clipped_model_output"]);
  const { eta = 0, use_clipped_model_output: rederives = false } = options;
  const noise = trainingNoise(fields);
  const prediction = predictionOf(fields);
  const clip = fields.flag("clip_sample", true);
  const timesteps = timestepsOf(fields, noise, steps, "leading");
  const last = fields.flag("set_alpha_to_one", true) ? 1 : noise.alphasCumprod[0]!;
  const stride = Math.floor(noise.timesteps / steps);
  const rows = timesteps.map((t) => {
    const from = levelAt(noise.alphasCumprod[t]!, t);
    // Kept for parity: always a whole stride down, whatever the next timestep is.
    const to = levelAt(noise.alphasCumprod[t - stride] ?? last, t - stride);
    requireImage(fields, from, prediction);
    const std = eta * Math.sqrt(posterior(from, to).least);
    const columns = clip && !rederives ? beside(from, to, std, prediction) : towards(from, to, std);
    return samplerRow({ ...predictionColumns(from, prediction), ...columns, std });
  });
  return {
    table: { rows, learnedVariance: false, startScale: 1 },
    clip,
    clipRange: fields.number("clip_sample_range", 1),
    variance: "fixedSmall",
    timesteps,
  };
}

export function levelAt(alphaCumprod: number, timestep: number): NoiseLevel {
  return { timestep, alpha: Math.sqrt(alphaCumprod), sigma: Math.sqrt(1 - alphaCumprod) };
}

/** @throws ConfigError where a noise prediction says nothing of the image, for there is none left */
export function requireImage({ scheduler }: Fields, { alpha, timestep }: NoiseLevel, prediction: Predicted): void {
  if (alpha === 0 && prediction === "eps")
    throw new ConfigError(
      `${scheduler}: rescale_betas_zero_snr leaves no image at timestep ${timestep}, where prediction_type epsilon cannot tell it`,
    );
}

/** The step when x0 is clamped but the noise is taken as predicted. */
function beside(from: NoiseLevel, to: NoiseLevel, std: number, prediction: Predicted): Partial<SamplerRow> {
  const noise = noiseColumns(from, prediction);
  const fromNoise = Math.sqrt(to.sigma ** 2 - std ** 2);
  return { fromX: fromNoise * noise.fromX, fromD: 1, dFromX0: to.alpha, dFromOutput: fromNoise * noise.fromOutput };
}
