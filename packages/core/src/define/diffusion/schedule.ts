import { ConfigError, didYouMean } from "../../ir/errors";

/** The betas of each schedule: the variance of the noise that step t adds, for t = 0..T-1. */
export const schedules = {
  /** Ho et al. 2020, scaled so that other step counts end equally noisy. */
  linear: (steps) => linspace(0.1 / steps, 20 / steps, steps),
  /** Nichol and Dhariwal 2021. */
  cosine: (steps) => betasFromAlphaBar(steps, (time) => Math.cos(((time + 0.008) / 1.008) * (Math.PI / 2)) ** 2),
  quadratic: (steps) => linspace(Math.sqrt(1e-4), Math.sqrt(0.02), steps).map((x) => x * x),
  constant: (steps) => new Float64Array(steps).fill(0.02),
  warmup10: (steps) => warmup(steps, 0.1),
  warmup50: (steps) => warmup(steps, 0.5),
  /** 1/T, 1/(T-1), ..., 1 */
  jsd: (steps) => linspace(steps, 1, steps).map((x) => 1 / x),
} satisfies Record<string, (steps: number) => Float64Array>;

export type ScheduleName = keyof typeof schedules;

/** @throws ConfigError when there is no such schedule */
export function betasOf(schedule: string, steps: number): Float64Array {
  if (!Object.hasOwn(schedules, schedule)) {
    const names = Object.keys(schedules);
    const near = didYouMean(schedule, names);
    throw new ConfigError(
      `there is no schedule ${JSON.stringify(schedule)}${near === undefined ? "" : `; did you mean ${near}?`} (schedules: ${names.join(", ")})`,
    );
  }
  return schedules[schedule as ScheduleName](steps);
}

function linspace(first: number, last: number, count: number): Float64Array {
  const step = count > 1 ? (last - first) / (count - 1) : 0;
  return Float64Array.from({ length: count }, (_, i) => (i === count - 1 && count > 1 ? last : first + i * step));
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
