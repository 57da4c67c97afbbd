import type { ModelConfig, SampleSettings } from "@dit/core";
import { guidanceScale } from "../sample/guidanceScale";
import type { TrainConfig } from "./trainConfig";

/** How a run's pictures are drawn; where nobody named a sampler or a scale, the model's own default is taken. */
export function sampleSettings({ sample }: TrainConfig, { dit }: ModelConfig): Partial<SampleSettings> {
  const { perClass: _, everySteps: __, sampler, guidance, ...settings } = sample;
  return { ...settings, guidance: guidanceScale(guidance, dit), ...(sampler !== null && { sampler }) };
}
