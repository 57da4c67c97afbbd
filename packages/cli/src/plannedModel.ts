import { ditConfig, type ModelConfig } from "@dit/core";
import type { TrainConfig } from "./config/trainConfig";
import { openDataset } from "./data/openDataset";
import { architectureFrom, modelFromConfig, objectiveFrom } from "./modelFromConfig";

/**
 * The model of a config. Where nobody said what it is trained on, a preset is the paper's own: ImageNet's classes, on
 * latents of 32 x 32.
 */
export async function plannedModel(
  config: TrainConfig,
  origins: Readonly<Record<string, string>>,
): Promise<ModelConfig> {
  const saysData = origins.data !== "default" || origins.imageSize !== "default";
  if (!saysData && typeof config.model === "string") {
    return { dit: ditConfig(config.model, architectureFrom(config)), diffusion: objectiveFrom(config) };
  }
  return modelFromConfig(config, await openDataset(config.data, { imageSize: config.imageSize ?? undefined }));
}
