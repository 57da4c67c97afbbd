import { type Backend, ConfigError } from "@dit/core";
import { latentSize, type Vae } from "@dit/vae";
import { loadVae } from "@dit/vae/node";
import type { TrainConfig } from "../config/trainConfig";
import type { Dataset } from "../data/dataset";
import { openDataset } from "../data/openDataset";
import type { Progress } from "../output/progress";
import { encodeDataset } from "./encodeDataset";
import { latentsOf, manifestOf, openLatents } from "./latentsFolder";

/** What a run trains on, and the autoencoder behind it where that is latents. */
export interface TrainingData {
  readonly data: Dataset;
  readonly vae: Vae | undefined;
}

const latentsPrefix = "latents:";

/** Images encoded at a time before a run: what fits beside most autoencoders. */
const batch = 8;

/** Opens pixels, a folder of latents, or images that are encoded now, into memory, both ways round where they may be mirrored. */
export async function openTrainingData(
  { data: source, vae: path, imageSize }: TrainConfig,
  backend: Backend,
  progress: Progress,
): Promise<TrainingData> {
  const vae = path === null ? undefined : await loadVae(path);
  if (source.startsWith(latentsPrefix)) {
    if (vae === undefined) throw new ConfigError(`${source}: set vae to the autoencoder that these latents are of`);
    return { data: openLatents(source.slice(latentsPrefix.length), vae), vae };
  }
  const images = await openPixels(source, imageSize ?? undefined, vae);
  if (vae === undefined) return { data: images, vae };
  progress.note(`encoding ${images.size.toLocaleString("en")} images; dit encode does so once and for all`);
  const onImages = (step: number, total: number) => progress.update({ step, total });
  const records: Float32Array[] = [];
  for await (const record of encodeDataset(images, vae, backend, { batch, onImages })) records.push(record);
  const manifest = manifestOf(images, vae, latentShapeOf(images, vae));
  return { data: latentsOf(manifest, { read: (record) => records[record]! }, vae), vae };
}

/** Images from a file or folder, grey where an autoencoder takes them so. */
export function openPixels(source: string, imageSize: number | undefined, vae: Vae | undefined): Promise<Dataset> {
  return openDataset(source, { imageSize, channels: vae?.config.inChannels === 1 ? 1 : 3 });
}

/** [c, h, w] of an image's latent. @throws ConfigError as `latentSize` */
export function latentShapeOf({ imageShape: [, height, width] }: Dataset, { config }: Vae): Dataset["imageShape"] {
  return [config.latentChannels, ...latentSize(config, [height, width])];
}
