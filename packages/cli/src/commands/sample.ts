import { statSync } from "node:fs";
import type { WeightFormat } from "@dit/backend-ort";
import {
  ConfigError,
  type HostTensor,
  hostTensor,
  type Precision,
  type SampleSettings,
  type Samples,
  type Weights,
} from "@dit/core";
import type { Tiling } from "@dit/vae";
import { shownPath } from "../config/configFile";
import { drawGrid } from "../drawGrid";
import { openModel } from "../findModel";
import { npzOfImages } from "../images/npzOfImages";
import { toBytes } from "../images/toBytes";
import { type BackendConfig, openBackend } from "../openBackend";
import type { Progress } from "../output/progress";
import { freeName } from "../run/runFolder";
import { createDrawer, type Drawer } from "../sample/drawer";
import { findVae } from "../sample/findVae";
import { guidanceScale } from "../sample/guidanceScale";
import { labelsOf } from "../sample/labels";
import { stopSignal } from "../stopSignal";

/** The precisions of sampling: those of the network, and integers for its weights. */
export const samplePrecisions = ["f32", "f16", "bf16", "int8", "int4"] as const satisfies readonly (
  | Precision
  | WeightFormat
)[];

export type SamplePrecision = (typeof samplePrecisions)[number];

export interface SampleCommand {
  readonly model: string;
  readonly backend: BackendConfig;
  /** Names or numbers; every class when empty. */
  readonly classes: readonly string[];
  readonly perClass: number;
  readonly settings: Partial<Omit<SampleSettings, "guidance" | "precision">>;
  /** What the network computes in, or what its weights are held in. */
  readonly precision: SamplePrecision;
  /** `guidanceScale` decides where it is not given. */
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
  readonly precision: SamplePrecision;
  readonly settings: Omit<SampleSettings, "precision">;
}

/** `dit sample`: draws images of the given classes. */
export async function sampleCommand(command: SampleCommand): Promise<SampleSummary> {
  const { progress, perClass, npz } = command;
  const model = await openModel(command.model);
  const vae = await findVae(model.config, command.model, command.vae);
  const labels = labelsOf(model.config, command.classes).flatMap((label) => new Array<number>(perClass).fill(label));
  const guidance = guidanceScale(command.guidance, model.config.dit);
  const out = command.out ?? (npz === undefined ? freeName("samples.png") : undefined);
  requireNoFolder(out);
  requireNoFolder(npz);
  const { precision, weights } = inFormats(command.precision);
  const backend = await openBackend(command.backend, weights);
  const stop = stopSignal(() => progress.note("stopping; nothing is written"));
  const started = performance.now();
  const images = npz === undefined ? undefined : npzOfImages(npz, labels);
  try {
    const kept: HostTensor<"f32">[] = [];
    let settings: Samples["settings"] | undefined;
    const drawer = await createDrawer(model.config, backend, {
      settings: { ...command.settings, guidance, precision },
      weights: model.weights,
      batch: Math.min(command.batch, labels.length),
      vae,
      tiling: command.tiling,
    });
    for await (const samples of batches(command, drawer, model.weights, labels, stop.signal)) {
      await images?.add(toBytes(samples.images));
      if (out !== undefined) kept.push(samples.images);
      settings = samples.settings;
    }
    progress.done();
    await images?.finish();
    if (out !== undefined) {
      const whole = { images: joined(kept), settings: { ...settings!, classes: labels } };
      drawGrid(out, whole, perClass, {
        "dit:model": shownPath(command.model),
        ...(weights !== "f32" && { "dit:weights": weights }),
      });
    }
    const { classes: _, seed: __, autoguidance: ___, precision: ____, ...rest } = settings!;
    return {
      images: labels.length,
      seconds: (performance.now() - started) / 1000,
      out: out ?? null,
      npz: npz ?? null,
      precision: command.precision,
      settings: rest,
    };
  } catch (error) {
    progress.done();
    stop.throwIfReceived("stopped; no image was written");
    throw error;
  } finally {
    images?.discard();
    stop.dispose();
    await backend.dispose();
  }
}

/** @throws ConfigError when a file to be written has the name of a folder */
function requireNoFolder(file: string | undefined): void {
  if (file !== undefined && statSync(file, { throwIfNoEntry: false })?.isDirectory())
    throw new ConfigError(`${file} is a folder; name a file to write`);
}

/** A precision as what the network computes in and what its weights are held in. */
export function inFormats(name: SamplePrecision): { readonly precision: Precision; readonly weights: WeightFormat } {
  return name === "int8" || name === "int4" ? { precision: "f32", weights: name } : { precision: name, weights: "f32" };
}

/** Batch by batch; an image's noise depends on the seed and its own number, not on its batch. The drawer is disposed of at the end. */
async function* batches(
  { seed, batch, progress }: SampleCommand,
  drawer: Drawer,
  weights: Weights,
  labels: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<Samples> {
  const total = Math.ceil(labels.length / batch);
  try {
    for (let i = 0; i < total; i++) {
      const part = labels.slice(i * batch, (i + 1) * batch);
      const onStep = (step: number, steps: number) => progress.update({ step: i * steps + step, total: total * steps });
      yield await drawer.draw(weights, part, { seed, first: i * batch, signal, onStep });
    }
  } finally {
    await drawer.dispose();
  }
}

function joined(batches: readonly HostTensor<"f32">[]): HostTensor<"f32"> {
  const count = batches.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const data = new Float32Array(batches.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const batch of batches) {
    data.set(batch.data, at);
    at += batch.data.length;
  }
  return hostTensor("f32", [count, ...batches[0]!.shape.slice(1)], data);
}
