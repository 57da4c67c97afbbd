import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, countParams } from "@dit/core";
import { klConfig, measureScale, type ReconstructionLoss, trainVae, type Vae, vaeSpec, vaeToFolder } from "@dit/vae";
import { openDataset } from "../data/openDataset";
import { encodePng } from "../images/png";
import { type BackendConfig, openBackend } from "../openBackend";
import type { Progress } from "../output/progress";
import { reconstructions } from "../reconstructions";
import { atomicWrite } from "../run/atomicWrite";
import { writeFolder } from "../run/writeFolder";
import { stopSignal } from "../stopSignal";

export interface TrainVaeCommand {
  readonly data: string;
  readonly imageSize?: number;
  /** Folder that gets the autoencoder, as diffusers writes it. */
  readonly out: string;
  /** Widths of the levels, the finest first. */
  readonly widths: readonly number[];
  readonly layers: number;
  readonly latentChannels: number;
  readonly reconstruction: ReconstructionLoss;
  readonly klWeight: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly backend: BackendConfig;
  readonly progress: Progress;
}

export interface TrainVaeSummary {
  readonly out: string;
  readonly parameters: number;
  readonly step: number;
  /** Of the last step's batch, per value of an image in [-1, 1]. */
  readonly reconstruction: number | null;
  readonly scalingFactor: number;
}

/**
 * `dit train-vae`: trains an autoencoder, measures the scale of its latents, and writes it as a folder of diffusers with a
 * picture of what it makes of the first images. Stopped, it writes what it has learned so far.
 */
export async function trainVaeCommand(command: TrainVaeCommand): Promise<TrainVaeSummary> {
  const { out, widths, layers, latentChannels, reconstruction, klWeight, progress, ...settings } = command;
  if (existsSync(out)) throw new ConfigError(`${out} is there already; choose another name or remove it`);
  const data = await openDataset(command.data, { imageSize: command.imageSize });
  const [channels, height] = data.imageShape;
  const config = klConfig({
    inChannels: channels,
    outChannels: channels,
    blockOutChannels: widths,
    layersPerBlock: layers,
    latentChannels,
    normNumGroups: groupsOf(widths),
    sampleSize: height,
    forceUpcast: false,
  });
  const parameters = countParams(vaeSpec(config));
  const backend = await openBackend(command.backend);
  const stop = stopSignal(() => progress.note("stopping after this call; once more quits without saving"));
  progress.note(
    `${parameters.toLocaleString("en")} parameters, ${data.size.toLocaleString("en")} images, ${backend.name}`,
  );
  try {
    let last: number | null = null;
    const { vae, step } = await trainVae({
      ...{ config, data, backend, objective: { reconstruction, klWeight }, signal: stop.signal },
      ...{ steps: settings.steps, batchSize: settings.batchSize, seed: settings.seed },
      learningRate: settings.learningRate,
      onMetrics: ({ step, loss, imagesPerSecond, ...metrics }) => {
        last = metrics.reconstruction;
        progress.update({ step, total: settings.steps, loss, imagesPerSecond });
        progress.event("metrics", { step, loss, imagesPerSecond, ...metrics });
      },
    });
    const scalingFactor = await measureScale(vae, data, backend);
    const scaled: Vae = { ...vae, config: { ...config, scalingFactor } };
    writeFolder(out, vaeToFolder(scaled));
    atomicWrite(join(out, "reconstructions.png"), encodePng(await reconstructions(scaled, data, backend), {}));
    return { out, parameters, step, reconstruction: last, scalingFactor };
  } finally {
    progress.done();
    stop.dispose();
    await backend.dispose();
  }
}

/** The largest number of groups, at most PyTorch's 32, that splits every width into groups of at least 4 channels. */
function groupsOf(widths: readonly number[]): number {
  for (let groups = 32; groups > 1; groups--) {
    if (widths.every((width) => width % groups === 0 && width / groups >= 4)) return groups;
  }
  return 1;
}
