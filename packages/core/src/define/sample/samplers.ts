import { ddim } from "./ddim";
import { ddpm, type SampledModel } from "./ddpm";
import { dpmSolver } from "./dpmSolver";
import { euler } from "./euler";
import { heun } from "./heun";
import type { NoiseLevel } from "./level";
import type { SamplerTable } from "./table";

export interface SamplerOptions {
  /** DDIM's noise, 0 (none) to 1 (as much as DDPM). */
  readonly eta?: number;
  /** Whether the multistep solvers end a run of less than 15 steps with steps of lower order. */
  readonly lowerOrderFinal?: boolean;
  /** Whether their last step is of first order even where it does not end clean. */
  readonly eulerAtFinal?: boolean;
  /** Whether the images that the network implies are clamped. */
  readonly clip?: boolean;
}

/** From the levels of a run, noisiest first, to the rows that lead through them. */
export type MakeSampler = (
  levels: readonly NoiseLevel[],
  model: SampledModel,
  options?: SamplerOptions,
) => SamplerTable;

/** Every sampler by name. */
export const samplers = {
  ddpm,
  ddim,
  euler,
  heun,
  "dpm++1": (levels, model) => dpmSolver(levels, model, { order: 1 }),
  "dpm++2m": (levels, model, options) => dpmSolver(levels, model, options),
  "dpm++2m-heun": (levels, model, options) => dpmSolver(levels, model, { ...options, second: "heun" }),
  "dpm++3m": (levels, model, options) => dpmSolver(levels, model, { ...options, order: 3 }),
  "dpm++2m-sde": (levels, model, options) => dpmSolver(levels, model, { ...options, stochastic: true }),
  dpm2m: (levels, model, options) => dpmSolver(levels, model, { ...options, along: "noise" }),
} as const satisfies Record<string, MakeSampler>;

export type SamplerName = keyof typeof samplers;
