import { ConfigError, unknownName } from "../../ir/errors";
import { arange, linspace, roundHalfToEven } from "../diffusion/grid";
import type { Process } from "../diffusion/process";
import { respace } from "../diffusion/respacing";
import { clean, type NoiseLevel } from "./level";

/**
 * Which of the T timesteps of a chain a run of `steps` calls visits, noisiest first. "leading", "trailing" and "linspace"
 * are those of arXiv 2305.08891, table 2, with the rounding of diffusers; `offset` is added to the leading ones.
 */
export const timestepSpacings = {
  /** The official code's: from T - 1 to 0, both kept, evenly. */
  official: (T, steps) => descending(respace(T, `${steps}`)),
  /** The official code's "ddimN": every n-th from 0, where an n gives that many. */
  stride: (T, steps) => descending(respace(T, `ddim${steps}`)),
  leading: (T, steps, offset) =>
    Array.from({ length: steps }, (_, i) => (steps - 1 - i) * Math.floor(T / steps) + offset),
  // Differs: where rounding errors give NumPy's grid one point more, diffusers goes on to timestep -1.
  trailing: (T, steps) => Array.from(arange(T, 0, -T / steps).subarray(0, steps), (t) => roundHalfToEven(t) - 1),
  linspace: (T, steps) => descending(linspace(0, T - 1, steps).map(roundHalfToEven)),
} satisfies Record<string, (T: number, steps: number, offset: number) => number[]>;

/** The noise ratios sigma / alpha that a run of `steps` calls visits, from the largest to the smallest. */
export const ratioSpacings = {
  /** Karras et al. 2022 (arXiv 2206.00364, equation 5), rho 7: the steps shorten towards the image. */
  karras: (largest, smallest, steps) =>
    Array.from(
      linspace(0, 1, steps),
      (ramp) => (largest ** (1 / 7) + ramp * (smallest ** (1 / 7) - largest ** (1 / 7))) ** 7,
    ),
  /** Even in lambda, half the log SNR, as Lu et al. 2022 (arXiv 2206.00927, section 3.4) have it. */
  exponential: (largest, smallest, steps) =>
    Array.from(linspace(Math.log(largest), Math.log(smallest), steps), Math.exp),
} satisfies Record<string, (largest: number, smallest: number, steps: number) => number[]>;

export type SpacingName = keyof typeof timestepSpacings | keyof typeof ratioSpacings;

export const spacingNames = [...Object.keys(timestepSpacings), ...Object.keys(ratioSpacings)] as SpacingName[];

export interface LevelOptions {
  readonly spacing: SpacingName;
  /** Added to the leading timesteps. */
  readonly stepsOffset: number;
  /**
   * Where the last step ends: at the clean image, or at the least noise that the model was trained with. There `euler` and
   * `heun` hand out x / alpha, their own coordinates, as diffusers does.
   */
  readonly end: "clean" | "sigmaMin";
}

/**
 * The levels of a sampling run of `steps` steps through a whole chain, noisiest first: steps + 1 of them, the last being
 * where the run ends.
 * @throws ConfigError when the chain cannot be spaced like that
 */
export function noiseLevels(chain: Process, steps: number, { spacing, stepsOffset, end }: LevelOptions): NoiseLevel[] {
  const calls = end === "clean" ? steps : steps + 1;
  if (!spacingNames.includes(spacing)) throw unknownName("spacing", spacing, spacingNames);
  if (!Number.isInteger(steps) || steps < 1)
    throw new ConfigError(`steps is ${steps}; it must be a whole number from 1`);
  if (calls > chain.steps) throw new ConfigError(`${calls} sampling steps, but the model's chain has ${chain.steps}`);
  if (stepsOffset !== 0 && spacing !== "leading")
    throw new ConfigError(`stepsOffset is ${stepsOffset}, but only the spacing "leading" has an offset`);
  const visited =
    spacing in ratioSpacings ? byRatio(chain, calls, spacing) : byTimestep(chain, calls, spacing, stepsOffset);
  return end === "clean" ? [...visited, clean] : visited;
}

function byTimestep(chain: Process, calls: number, spacing: SpacingName, offset: number): NoiseLevel[] {
  const timesteps = timestepSpacings[spacing as keyof typeof timestepSpacings](chain.steps, calls, offset);
  if (timesteps[0]! >= chain.steps)
    throw new ConfigError(
      `stepsOffset ${offset} leads to timestep ${timesteps[0]}, but the model knows 0..${chain.steps - 1}`,
    );
  return timesteps.map((t) => levelAt(chain, t));
}

function byRatio(chain: Process, calls: number, spacing: SpacingName): NoiseLevel[] {
  const ratios = noiseRatios(chain.alphasCumprod);
  const visited = ratioSpacings[spacing as keyof typeof ratioSpacings](ratios.at(-1)!, ratios[0]!, calls);
  const logarithms = ratios.map(Math.log);
  return visited.map((ratio) => levelOfRatio(ratio, timestepOfRatio(ratio, logarithms)));
}

/** Every level of a chain, noisiest first, and the clean one. */
export function levelsOf(chain: Process): NoiseLevel[] {
  return [...Array.from({ length: chain.steps }, (_, i) => levelAt(chain, chain.steps - 1 - i)), clean];
}

function levelAt({ alphasCumprod, timesteps }: Process, step: number): NoiseLevel {
  const signal = alphasCumprod[step]!;
  return { timestep: timesteps[step]!, alpha: Math.sqrt(signal), sigma: Math.sqrt(1 - signal) };
}

/** The level of a variance-preserving chain, alpha^2 + sigma^2 = 1, at a noise ratio. */
export function levelOfRatio(ratio: number, timestep: number): NoiseLevel {
  const alpha = 1 / Math.sqrt(ratio ** 2 + 1);
  return { timestep, alpha, sigma: ratio * alpha };
}

/** sigma / alpha of each timestep of a chain. */
export function noiseRatios(alphasCumprod: ArrayLike<number>): Float64Array {
  return Float64Array.from(alphasCumprod, (signal) => Math.sqrt((1 - signal) / signal));
}

/** Where between the timesteps of a chain a noise ratio lies, 0 to T - 1. `logarithms` of the chain's ratios, increasing. */
export function timestepOfRatio(ratio: number, logarithms: Float64Array): number {
  const position = Math.log(ratio);
  const above = logarithms.findIndex((other) => other > position);
  if (above <= 0) return above === 0 ? 0 : logarithms.length - 1;
  const [low, high] = [logarithms[above - 1]!, logarithms[above]!];
  return above - 1 + (position - low) / (high - low);
}

function descending(timesteps: ArrayLike<number>): number[] {
  return Array.from(timesteps).reverse();
}
