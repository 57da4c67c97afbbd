import { ConfigError, unknownName } from "../../ir/errors";
import { linspace } from "./grid";

/** The betas of each schedule: the variance of the noise that step t adds, for t = 0..T-1. */
export const schedules = {
  /** Ho et al. 2020; without ends from 1e-4 to 0.02, scaled so that other step counts end equally noisy. */
  linear: (steps, [start, end] = [0.1 / steps, 20 / steps]) => linspace(start, end, steps),
  /** Latent diffusion's (arXiv 2112.10752): the root of beta grows evenly; without ends from 0.00085 to 0.012. */
  scaledLinear: (steps, [start, end] = [0.00085, 0.012]) => evenRoots(start, end, steps),
  /** Nichol and Dhariwal 2021. */
  cosine: (steps) => betasFromAlphaBar(steps, (time) => Math.cos(((time + 0.008) / 1.008) * (Math.PI / 2)) ** 2),
  quadratic: (steps, [start, end] = [1e-4, 0.02]) => evenRoots(start, end, steps),
  constant: (steps) => new Float64Array(steps).fill(0.02),
  warmup10: (steps) => warmup(steps, 0.1),
  warmup50: (steps) => warmup(steps, 0.5),
  /** 1/T, 1/(T-1), ..., 1 */
  jsd: (steps) => linspace(steps, 1, steps).map((x) => 1 / x),
} satisfies Record<string, (steps: number, ends?: BetaEnds) => Float64Array>;

export type ScheduleName = keyof typeof schedules;

/** The first and the last beta. */
export type BetaEnds = readonly [start: number, end: number];

/** A schedule by name, or with ends of its own: `{ name: "scaledLinear", ends: [0.00085, 0.012] }`. */
export type Schedule =
  | ScheduleName
  | { readonly name: "linear" | "scaledLinear" | "quadratic"; readonly ends: BetaEnds };

/** @throws ConfigError when there is no such schedule, or its ends are no variances */
export function betasOf(schedule: string | Schedule, steps: number): Float64Array {
  const { name, ends } = typeof schedule === "string" ? { name: schedule, ends: undefined } : schedule;
  if (!Object.hasOwn(schedules, name)) {
    throw unknownName("schedule", name, Object.keys(schedules), JSON.stringify(name));
  }
  if (ends?.some((beta) => !(beta > 0 && beta < 1)))
    throw new ConfigError(`schedule ${name}: its ends must lie between 0 and 1, got ${ends.join(" and ")}`);
  const betas: (steps: number, ends?: BetaEnds) => Float64Array = schedules[name as ScheduleName];
  return betas(steps, ends);
}

function evenRoots(start: number, end: number, steps: number): Float64Array {
  return linspace(Math.sqrt(start), Math.sqrt(end), steps).map((root) => root * root);
}

function betasFromAlphaBar(steps: number, alphaBar: (time: number) => number): Float64Array {
  return Float64Array.from({ length: steps }, (_, i) =>
    Math.min(1 - alphaBar((i + 1) / steps) / alphaBar(i / steps), 0.999),
  );
}

function warmup(steps: number, fraction: number): Float64Array {
  const betas = new Float64Array(steps).fill(0.02);
  betas.set(linspace(1e-4, 0.02, Math.floor(steps * fraction)));
  return betas;
}
