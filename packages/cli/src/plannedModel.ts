import { diffusionDefaults, ditConfig, type ModelConfig } from "@dit/core";
import type { TrainConfig } from "./config/trainConfig";
import { openDataset } from "./data/openDataset";
import { modelFromConfig } from "./modelFromConfig";

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
    const { learnSigma, classDropout } = config;
    const { timesteps, schedule, prediction } = config.diffusion;
    const variance = learnSigma ? "learnedRange" : "fixedLarge";
    const diffusion = { ...diffusionDefaults, timesteps, schedule, prediction, variance } as const;
    return { dit: ditConfig(config.model, { learnSigma, classDropout }), diffusion };
  }
  return modelFromConfig(config, await openDataset(config.data, { imageSize: config.imageSize ?? undefined }));
}
