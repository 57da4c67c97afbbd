import type { DiffusionConfig } from "../diffusion/config";
import { predictions } from "../diffusion/prediction";
import type { Process } from "../diffusion/process";
import type { SamplerRow } from "./table";

/** What a row says of the network's call at a step of a chain: its timestep, and how the output implies the image. */
export function predictionColumns(
  process: Process,
  { prediction }: Pick<DiffusionConfig, "prediction">,
  i: number,
): Pick<SamplerRow, "timestep" | "x0FromX" | "x0FromOutput"> {
  const { fromX, fromOutput } = predictions[prediction].toX0(process);
  return { timestep: process.timesteps[i]!, x0FromX: fromX[i]!, x0FromOutput: fromOutput[i]! };
}

/** The steps of a chain from the noisiest to the last. */
export function descending({ steps }: Process): number[] {
  return Array.from({ length: steps }, (_, i) => steps - 1 - i);
}
