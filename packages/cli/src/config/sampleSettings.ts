import type { SampleSettings } from "@dit/core";
import type { TrainConfig } from "./trainConfig";

/** How a run's pictures are drawn; where nobody named a sampler, the model's own default is taken. */
export function sampleSettings({ sample }: TrainConfig): Partial<SampleSettings> {
  const { perClass: _, everySteps: __, sampler, ...settings } = sample;
  return { ...settings, ...(sampler !== null && { sampler }) };
}
