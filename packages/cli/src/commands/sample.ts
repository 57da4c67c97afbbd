import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { hostZeros, type ModelConfig, type SampleSettings, type Samples, type Weights } from "@dit/core";
import { writeNpz } from "@dit/core/internal";
import type { Tiling } from "@dit/vae";
import { shownPath } from "../config/configFile";
import { drawGrid } from "../drawGrid";
import { openModel } from "../findModel";
import { toBytes } from "../images/toBytes";
import { type BackendConfig, openBackend } from "../openBackend";
import type { Progress } from "../output/progress";
import { atomicWrite } from "../run/atomicWrite";
import { freeName } from "../run/runFolder";
import { createDrawer, type Drawer } from "../sample/drawer";
import { findVae } from "../sample/findVae";
import { labelsOf } from "../sample/labels";
import { stopSignal } from "../stopSignal";

export interface SampleCommand {
  readonly model: string;
  readonly backend: BackendConfig;
  /** Names or numbers; every class when empty. */
  readonly classes: readonly string[];
  readonly perClass: number;
  readonly settings: Partial<Omit<SampleSettings, "guidance">>;
  /** 1.5 unless given, as in training; 1 for a model that never saw a dropped label. */
  readonly guidance?: number;
  /** Autoencoder that decodes latents; that of the model's pipeline or run unless given. */
  readonly vae?: string;
  /** Decodes in tiles. */
  readonly tiling?: Tiling;
  readonly seed: number;
  /** Images in one batch. */
  readonly batch: number;
  /** PNG grid to write; without it and without `npz`, the first free of `samples.png`, `samples-2.png`, ... */
  readonly out?: string;
  /** npz to write: arr_0 uint8 NHWC, arr_1 labels. */
  readonly npz?: string;
  readonly progress: Progress;
}

export interface SampleSummary {
  readonly images: number;
  readonly seconds: number;
  readonly out: string | null;
  readonly npz: string | null;
  readonly settings: SampleSettings;
}

/** `dit sample`: draws images of the given classes. */
export async function sampleCommand(command: SampleCommand): Promise<SampleSummary> {
  const { progress, perClass, npz } = command;
  const model = await openModel(command.model);
  const vae = await findVae(model.config, command.model, command.vae);
  const labels = labelsOf(model.config, command.classes).flatMap((label) => new Array<number>(perClass).fill(label));
  const guidance = guidanceOf(command, model.config);
  const out = command.out ?? (npz === undefined ? freeName("samples.png") : undefined);
  const backend = await openBackend(command.backend);
  const stop = stopSignal(() => progress.note("stopping; nothing is written"));
  const started = performance.now();
  try {
    const drawer = await createDrawer(model.config, backend, {
      settings: { ...command.settings, guidance },
      batch: Math.min(command.batch, labels.length),
      vae,
      tiling: command.tiling,
    });
    const samples = await drawAll(command, drawer, model.weights, labels, stop.signal).finally(() => drawer.dispose());
    progress.done();
    if (out !== undefined) drawGrid(out, samples, perClass, { "dit:model": shownPath(command.model) });
    if (npz !== undefined) {
      const { data, shape } = toBytes(samples.images);
      mkdirSync(dirname(npz), { recursive: true });
      const arr_1 = { dtype: "i8", shape: [labels.length], data: BigInt64Array.from(labels, BigInt) } as const;
      atomicWrite(npz, writeNpz({ arr_0: { dtype: "u1", shape, data }, arr_1 }));
    }
    const { classes: _, seed: __, autoguidance: ___, ...settings } = samples.settings;
    return {
      images: labels.length,
      seconds: (performance.now() - started) / 1000,
      out: out ?? null,
      npz: npz ?? null,
      settings,
    };
  } catch (error) {
    progress.done();
    stop.throwIfReceived("stopped; no image was written");
    throw error;
  } finally {
    stop.dispose();
    await backend.dispose();
  }
}

/** The scale that is asked for, else the paper's best, else none for a model that cannot be guided. */
export function guidanceOf({ guidance }: Pick<SampleCommand, "guidance">, { dit }: ModelConfig): number {
  return guidance ?? (dit.classDropout > 0 ? 1.5 : 1);
}

/** Batch by batch; an image's noise depends on the seed and its own number, not on its batch. */
async function drawAll(
  { seed, batch, progress }: SampleCommand,
  drawer: Drawer,
  weights: Weights,
  labels: readonly number[],
  signal: AbortSignal,
): Promise<Samples> {
  const batches = Math.ceil(labels.length / batch);
  const drawn: Samples[] = [];
  for (let i = 0; i < batches; i++) {
    const part = labels.slice(i * batch, (i + 1) * batch);
    const onStep = (step: number, steps: number) => progress.update({ step: i * steps + step, total: batches * steps });
    drawn.push(await drawer.draw(weights, part, { seed, first: i * batch, signal, onStep }));
  }
  const [{ images, settings }] = drawn as [Samples];
  const all = hostZeros("f32", [labels.length, ...images.shape.slice(1)]);
  drawn.forEach((samples, i) => {
    all.data.set(samples.images.data, i * images.data.length);
  });
  return { images: all, settings: { ...settings, classes: labels } };
}
