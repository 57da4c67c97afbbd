import type { PredictionType } from "../diffusion/prediction";
import type { SamplerRow } from "./table";

/** How much of the image and how much noise a state holds: x = alpha x0 + sigma noise. */
export interface NoiseLevel {
  /** What the network is told there. */
  readonly timestep: number;
  readonly alpha: number;
  readonly sigma: number;
}

/** The image itself. No network is called there. */
export const clean: NoiseLevel = { timestep: 0, alpha: 1, sigma: 0 };

/** Half the logarithm of the signal-to-noise ratio, lambda in the DPM-Solver papers; infinite at the clean level. */
export function halfLogSnr({ alpha, sigma }: NoiseLevel): number {
  return Math.log(alpha / sigma);
}

/** The noise level in variance-exploding coordinates x / alpha, where x = x0 + ratio * noise. */
export function noiseRatio({ alpha, sigma }: NoiseLevel): number {
  return sigma / alpha;
}

/** What a network may predict: as the diffusion's, or the velocity noise - x0 of flow matching. */
export type Predicted = PredictionType | "velocity";

/** What a row says of the network's call at a level: its timestep, and how the output implies the image. */
export function predictionColumns(
  { timestep, alpha, sigma }: NoiseLevel,
  prediction: Predicted,
): Pick<SamplerRow, "timestep" | "x0FromX" | "x0FromOutput"> {
  switch (prediction) {
    case "eps":
      return { timestep, x0FromX: 1 / alpha, x0FromOutput: -sigma / alpha };
    case "x0":
      return { timestep, x0FromX: 0, x0FromOutput: 1 };
    case "v": {
      const power = alpha ** 2 + sigma ** 2;
      return { timestep, x0FromX: alpha / power, x0FromOutput: -sigma / power };
    }
    case "velocity":
      return { timestep, x0FromX: 1 / (alpha + sigma), x0FromOutput: -sigma / (alpha + sigma) };
    default:
      return prediction satisfies never;
  }
}

/** The noise as a combination of x and the output, without the detour over an image that may be clamped. */
export function noiseColumns(
  { alpha, sigma }: NoiseLevel,
  prediction: Predicted,
): { fromX: number; fromOutput: number } {
  switch (prediction) {
    case "eps":
      return { fromX: 0, fromOutput: 1 };
    case "x0":
      return { fromX: 1 / sigma, fromOutput: -alpha / sigma };
    case "v": {
      const power = alpha ** 2 + sigma ** 2;
      return { fromX: sigma / power, fromOutput: alpha / power };
    }
    case "velocity":
      return { fromX: 1 / (alpha + sigma), fromOutput: alpha / (alpha + sigma) };
    default:
      return prediction satisfies never;
  }
}

/** Calls `row` for each step of a run, from each level to the next. */
export function eachStep<T>(
  levels: readonly NoiseLevel[],
  row: (from: NoiseLevel, to: NoiseLevel, step: number) => T,
): T[] {
  return levels.slice(1).map((to, step) => row(levels[step]!, to, step));
}
