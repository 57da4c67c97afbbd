import { ConfigError } from "../../../ir/errors";
import { schedules } from "../../diffusion/schedule";
import type { Predicted } from "../level";
import { timestepSpacings } from "../spacing";
import type { Fields } from "./fields";

/** The noise that a diffusers model was trained with. */
export interface TrainingNoise {
  /** T */
  readonly timesteps: number;
  /** alpha^2 of each timestep. Kept for parity: diffusers keeps it in float32, which shows at the ends. */
  readonly alphasCumprod: Float32Array;
}

export function trainingNoise(fields: Fields): TrainingNoise {
  const betas = betasOf(fields);
  const trained = fields.flag("rescale_betas_zero_snr", false) ? withZeroTerminalSnr(betas) : betas;
  return { timesteps: trained.length, alphasCumprod: cumulativeProduct(trained.map((beta) => 1 - beta)) };
}

function betasOf(fields: Fields): Float32Array {
  const trained = fields.numbers("trained_betas");
  if (trained !== undefined) return Float32Array.from(trained);
  const steps = fields.number("num_train_timesteps", 1000);
  const ends = [fields.number("beta_start", 0.0001), fields.number("beta_end", 0.02)] as const;
  const schedule = fields.choice("beta_schedule", ["linear", "scaled_linear", "squaredcos_cap_v2"], "linear");
  switch (schedule) {
    case "linear":
      return linspace32(...ends, steps);
    case "scaled_linear":
      return linspace32(Math.sqrt(ends[0]), Math.sqrt(ends[1]), steps).map((root) => root * root);
    case "squaredcos_cap_v2":
      return Float32Array.from(schedules.cosine(steps));
    default:
      return schedule satisfies never;
  }
}

/** PyTorch's float32 linspace: from both ends towards the middle. */
function linspace32(first: number, last: number, count: number): Float32Array {
  const [start, end] = [Math.fround(first), Math.fround(last)];
  const step = Math.fround(Math.fround(end - start) / Math.max(count - 1, 1));
  const isFirstHalf = (i: number) => i < Math.floor(count / 2);
  return Float32Array.from({ length: count }, (_, i) =>
    isFirstHalf(i) ? start + step * i : end - step * (count - 1 - i),
  );
}

/** arXiv 2305.08891, algorithm 1: shifted and scaled so that nothing of the image is left at the last timestep. */
function withZeroTerminalSnr(betas: Float32Array): Float32Array {
  const roots = cumulativeProduct(betas.map((beta) => 1 - beta)).map(Math.sqrt);
  const [first, last] = [roots[0]!, roots.at(-1)!];
  const scale = Math.fround(first / Math.fround(first - last));
  const signal = roots.map((root) => Math.fround(root - last) * scale).map((root) => root * root);
  const alphas = signal.map((a, i) => (i === 0 ? a : a / signal[i - 1]!));
  return alphas.map((alpha) => 1 - alpha);
}

/** In float64, as PyTorch does on a CPU, and rounded at each place. */
function cumulativeProduct(factors: Float32Array): Float32Array {
  let product = 1;
  return factors.map((x) => {
    product *= x;
    return product;
  });
}

const predictionTypes = { epsilon: "eps", sample: "x0", v_prediction: "v", flow_prediction: "velocity" } as const;

/** @throws ConfigError when it is not one of `supported` */
export function predictionOf(
  fields: Fields,
  supported: readonly (keyof typeof predictionTypes)[] = ["epsilon", "sample", "v_prediction"],
): Predicted {
  return predictionTypes[fields.choice("prediction_type", supported, "epsilon")];
}

export type TimestepSpacing = "leading" | "trailing" | "linspace";

export function spacingOf(fields: Fields, otherwise: TimestepSpacing): TimestepSpacing {
  return fields.choice("timestep_spacing", ["leading", "trailing", "linspace"], otherwise);
}

/** The timesteps of a run, falling. @throws ConfigError when there are more steps than timesteps */
export function timestepsOf(
  fields: Fields,
  { timesteps: T }: TrainingNoise,
  steps: number,
  otherwise: TimestepSpacing,
): number[] {
  requireSteps(fields, T, steps);
  return timestepSpacings[spacingOf(fields, otherwise)](T, steps, fields.number("steps_offset", 0)).map((t) => {
    if (t < T) return t;
    throw new ConfigError(`${fields.scheduler}: steps_offset leads to timestep ${t}, but the model knows 0..${T - 1}`);
  });
}

export function requireSteps({ scheduler }: Fields, T: number, steps: number): void {
  if (!Number.isInteger(steps) || steps < 1 || steps > T)
    throw new ConfigError(`${scheduler}: steps is ${steps}; it must be a whole number from 1 to ${T}`);
}
