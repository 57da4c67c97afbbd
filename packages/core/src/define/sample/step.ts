import type { F32 } from "../../ir/tensor";
import { f32, type Traced } from "../../trace/signature";
import type { DiffusionConfig } from "../diffusion/config";
import { interpolate, splitOutput } from "../diffusion/reverse";
import type { SamplerRow, SamplerTable } from "./table";

/** The signature of one row: a scalar for each column. */
export const rowType = {
  timestep: f32([]),
  x0FromX: f32([]),
  x0FromOutput: f32([]),
  fromX: f32([]),
  fromX0: f32([]),
  std: f32([]),
  logVarianceLow: f32([]),
  logVarianceHigh: f32([]),
} satisfies Record<keyof SamplerRow, unknown>;

export interface StepOptions extends Pick<DiffusionConfig, "variance">, Pick<SamplerTable, "learnedVariance"> {
  /** Whether x0 is clamped to [-1, 1] at each step. For pixels; latents exceed that range. */
  readonly clip: boolean;
}

/** Reads one row of a sampler's table. x, noise: [N, C, I, J], output: [N, out, I, J] -> the next x, and x0: [N, C, I, J] */
export function samplerStep(
  row: Traced<typeof rowType>,
  x: F32,
  output: F32,
  noise: F32 | undefined,
  options: StepOptions,
): { readonly x: F32; readonly x0: F32 } {
  const { prediction, values } = splitOutput(options, output);
  const implied = row.x0FromX.mul(x).add(row.x0FromOutput.mul(prediction));
  const x0 = options.clip ? implied.clamp(-1, 1) : implied;
  const mean = row.fromX.mul(x).add(row.fromX0.mul(x0));
  if (noise === undefined) return { x: mean, x0 };
  const std =
    options.learnedVariance && values !== undefined
      ? interpolate(row.logVarianceLow, row.logVarianceHigh, values).mul(0.5).exp().mul(row.std)
      : row.std;
  return { x: mean.add(std.mul(noise)), x0 };
}
