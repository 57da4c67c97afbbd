import { noiseRatios, ratioSpacings, timestepOfRatio } from "../spacing";
import type { Fields } from "./fields";
import type { TrainingNoise } from "./trainingNoise";

/** The sigmas of the training noise, sigma / alpha of each timestep, ascending. */
export interface TrainingSigmas {
  readonly sigmas: Float64Array;
  /** Where between the timesteps a sigma lies. */
  timestepOf(sigma: number): number;
}

/** Without a terminal SNR of 0, for which sigma would be infinite. */
export function trainingSigmas(fields: Fields, { alphasCumprod }: TrainingNoise): TrainingSigmas {
  const signal = alphasCumprod.slice();
  // Kept for parity: what diffusers puts in place of 0.
  if (fields.flag("rescale_betas_zero_snr", false)) signal[signal.length - 1] = 2 ** -24;
  const sigmas = noiseRatios(signal).map(Math.fround);
  const logarithms = sigmas.map((sigma) => Math.fround(Math.log(sigma)));
  return { sigmas, timestepOf: (sigma) => timestepOfRatio(sigma, logarithms) };
}

/** The spacing by sigmas that a configuration asks for, if it does. */
export function sigmaSpacing(fields: Fields): "karras" | "exponential" | undefined {
  fields.refuse("use_beta_sigmas");
  if (fields.flag("use_karras_sigmas", false)) return "karras";
  return fields.flag("use_exponential_sigmas", false) ? "exponential" : undefined;
}

/** Sigmas spaced between the first and the last of the given ones, which fall. */
export function respaced(spacing: "karras" | "exponential", sigmas: ArrayLike<number>, steps: number, fields: Fields) {
  const largest = fields.optional("sigma_max") ?? sigmas[0]!;
  const smallest = fields.optional("sigma_min") ?? sigmas[sigmas.length - 1]!;
  return ratioSpacings[spacing](largest, smallest, steps);
}
