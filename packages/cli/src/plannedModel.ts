import { type Dataset, ditConfig, type ModelConfig } from "@dit/core";
import { loadVae } from "@dit/vae/node";
import type { TrainConfig } from "./config/trainConfig";
import { openLatents } from "./latents/latentsFolder";
import { latentShapeOf, openPixels } from "./latents/openTrainingData";
import { architectureFrom, modelFromConfig, objectiveFrom } from "./modelFromConfig";

/**
 * The model of a config. Where nobody said what it is trained on, a preset is the paper's own: ImageNet's classes, on
 * latents of 32 x 32.
 */
export async function plannedModel(
  config: TrainConfig,
  origins: Readonly<Record<string, string>>,
): Promise<ModelConfig> {
  const saysData = ["data", "imageSize", "vae"].some((key) => origins[key] !== "default");
  if (!saysData && typeof config.model === "string") {
    return { dit: ditConfig(config.model, architectureFrom(config)), diffusion: objectiveFrom(config) };
  }
  return modelFromConfig(config, await trainedOn(config));
}

/** What the network sees of the data: as for a run, but no image is encoded for its latent's shape. */
async function trainedOn({
  data,
  vae: path,
  imageSize,
}: TrainConfig): Promise<Pick<Dataset, "imageShape" | "classNames">> {
  const vae = path === null ? undefined : await loadVae(path);
  if (vae !== undefined && data.startsWith("latents:")) return openLatents(data.slice("latents:".length), vae);
  const images = await openPixels(data, imageSize ?? undefined, vae);
  return vae === undefined ? images : { ...images, imageShape: latentShapeOf(images, vae) };
}
