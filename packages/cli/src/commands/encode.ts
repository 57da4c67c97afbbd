import { loadVae } from "@dit/vae/node";
import { encodeDataset } from "../latents/encodeDataset";
import { manifestOf, writeLatents } from "../latents/latentsFolder";
import { latentShapeOf, openPixels } from "../latents/openTrainingData";
import { type BackendConfig, openBackend } from "../openBackend";
import type { Progress } from "../output/progress";
import { stopSignal } from "../stopSignal";

export interface EncodeCommand {
  /** digits, digits:test or folder:DIR. */
  readonly data: string;
  readonly imageSize?: number;
  readonly vae: string;
  /** Folder that gets the latents. */
  readonly out: string;
  readonly batch: number;
  readonly backend: BackendConfig;
  readonly progress: Progress;
}

export interface EncodeSummary {
  readonly out: string;
  readonly images: number;
  readonly latentShape: readonly number[];
  readonly seconds: number;
}

/** `dit encode`: what an autoencoder makes of a dataset, for training from it again and again. */
export async function encodeCommand(command: EncodeCommand): Promise<EncodeSummary> {
  const { data: source, imageSize, vae: path, out, batch, progress } = command;
  const started = performance.now();
  const vae = await loadVae(path);
  const data = await openPixels(source, imageSize, vae);
  const latentShape = latentShapeOf(data, vae);
  const backend = await openBackend(command.backend);
  const stop = stopSignal(() => progress.note("stopping; nothing is written"));
  try {
    const onImages = (step: number, total: number) => progress.update({ step, total });
    const records = encodeDataset(data, vae, backend, { batch, signal: stop.signal, onImages });
    await writeLatents(out, manifestOf(data, vae, latentShape), records);
    return { out, images: data.size, latentShape, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    stop.throwIfReceived("stopped; no latents were written");
    throw error;
  } finally {
    progress.done();
    stop.dispose();
    await backend.dispose();
  }
}
