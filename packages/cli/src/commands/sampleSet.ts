import { openModel } from "../findModel";
import { vaeHash } from "../latents/vaeHash";
import { openBackend } from "../openBackend";
import { createDrawer } from "../sample/drawer";
import { findVae } from "../sample/findVae";
import { guidanceScale } from "../sample/guidanceScale";
import { labelsOf } from "../sample/labels";
import { drawPieces, pieceOf, type Shard } from "../sample/pieces";
import { stopSignal } from "../stopSignal";
import { weightsHash } from "../weightsHash";
import { inFormats, type SampleCommand } from "./sample";

export interface SampleSetCommand extends Omit<SampleCommand, "perClass" | "out" | "npz"> {
  /** Pictures in the whole set. */
  readonly size: number;
  readonly shard: Shard;
  /** Folder of the pieces. */
  readonly folder: string;
}

export interface SampleSetSummary {
  /** Pictures that this call drew; the others of the shard were there. */
  readonly drawn: number;
  readonly seconds: number;
  readonly files: readonly string[];
}

/** `dit sample --n`: draws a large set for evaluation, or a shard of it, into a folder of npz files; goes on after a kill. */
export async function sampleSetCommand(command: SampleSetCommand): Promise<SampleSetSummary> {
  const { progress, batch, seed, size, shard, folder, tiling } = command;
  const model = await openModel(command.model);
  const vae = await findVae(model.config, command.model, command.vae);
  const { precision, weights } = inFormats(command.precision);
  const settings = { ...command.settings, guidance: guidanceScale(command.guidance, model.config.dit), precision };
  const origin = {
    model: weightsHash(model.config, model.weights),
    vae: vae === undefined ? null : vaeHash(vae),
    tile: tiling?.size ?? null,
    weights,
    settings,
  };
  const classes = labelsOf(model.config, command.classes);
  const backend = await openBackend(command.backend, weights);
  const stop = stopSignal(() => progress.note("stopping; the pieces so far are kept"));
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  try {
    const drawer = await createDrawer(model.config, backend, { settings, weights: model.weights, batch, vae, tiling });
    const set = { folder, size, shard, batch, piece: pieceOf(batch), seed, classes, origin };
    const onPictures = (step: number, total: number, drawn: number) =>
      progress.update({ step, total, ...(drawn === 0 ? {} : { imagesPerSecond: drawn / seconds() }) });
    const result = drawPieces(set, drawer, model.weights, { signal: stop.signal, onPictures });
    return { ...(await result.finally(() => drawer.dispose())), seconds: seconds() };
  } catch (error) {
    stop.throwIfReceived(`stopped; the same command goes on from the pieces in ${folder}`);
    throw error;
  } finally {
    progress.done();
    stop.dispose();
    await backend.dispose();
  }
}
