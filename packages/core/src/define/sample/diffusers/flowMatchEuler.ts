import { ConfigError } from "../../../ir/errors";
import { linspace } from "../../diffusion/grid";
import { type SamplerRow, samplerRow } from "../table";
import type { Fields } from "./fields";
import { type DiffusersSampler, requireOptions, type StepOptions } from "./sampler";
import { respaced, sigmaSpacing } from "./sigmas";

/** diffusers' FlowMatchEulerDiscreteScheduler: x = (1 - sigma) x0 + sigma noise, the network predicts noise - x0. */
export function flowMatchEulerScheduler(fields: Fields, steps: number, options: StepOptions): DiffusersSampler {
  requireOptions(fields.scheduler, options, ["mu"]);
  const T = fields.number("num_train_timesteps", 1000);
  if (!Number.isInteger(steps) || steps < 1)
    throw new ConfigError(`${fields.scheduler}: steps is ${steps}; it must be a whole number from 1`);
  const spaced = spacedSigmas(fields, T, steps, options.mu);
  const isInverted = fields.flag("invert_sigmas", false);
  const isStochastic = fields.flag("stochastic_sampling", false);
  const end = isInverted ? 1 : 0;
  const sigmas = [...spaced.map((sigma) => (isInverted ? 1 - Math.fround(sigma) : sigma)), end].map(Math.fround);
  const timesteps = sigmas.slice(0, -1).map((sigma) => Math.fround(sigma * T));
  const rows = timesteps.map((timestep, i) => {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!];
    const step: Partial<SamplerRow> = isStochastic
      ? { fromD: 1 - next, std: next }
      : { dFromX0: 0, dFromOutput: 1, fromX: 1, fromD: next - sigma };
    return samplerRow({ timestep, x0FromX: 1, x0FromOutput: (isStochastic ? 0 : end) - sigma, ...step });
  });
  return {
    table: { rows, learnedVariance: false, startScale: 1 },
    clip: false,
    clipRange: 1,
    variance: "fixedSmall",
    timesteps,
    sigmas,
  };
}

function spacedSigmas(fields: Fields, T: number, steps: number, mu: number | undefined): number[] {
  const isDynamic = fields.flag("use_dynamic_shifting", false);
  if (isDynamic && mu === undefined)
    throw new ConfigError(`${fields.scheduler}: use_dynamic_shifting is true, which needs the step option mu`);
  const shift = fields.number("shift", 1);
  const shifted = (sigma: number) => (shift * sigma) / (1 + (shift - 1) * sigma);
  // Kept for parity: the ends are those of the shifted training sigmas, and are then shifted again.
  const ends = [1, 1 / T].map((sigma) => Math.fround(isDynamic ? sigma : shifted(sigma))) as [number, number];
  const even = Array.from(linspace(ends[0] * T, ends[1] * T, steps), (t) => t / T);
  const moved = stretched(fields, even.map(isDynamic ? dynamicShift(fields, mu!) : shifted));
  const spacing = sigmaSpacing(fields);
  return spacing === undefined ? moved : respaced(spacing, moved, steps, fields);
}

function dynamicShift(fields: Fields, mu: number): (sigma: number) => number {
  const type = fields.choice("time_shift_type", ["exponential", "linear"], "exponential");
  const weight = type === "exponential" ? Math.exp(mu) : mu;
  return (sigma) => weight / (weight + (1 / sigma - 1));
}

/** Stretched so that the last sigma is `shift_terminal`. */
function stretched(fields: Fields, sigmas: readonly number[]): number[] {
  const terminal = fields.optional("shift_terminal") ?? 0;
  if (terminal === 0) return [...sigmas];
  const scale = (1 - sigmas.at(-1)!) / (1 - terminal);
  return sigmas.map((sigma) => 1 - (1 - sigma) / scale);
}
