import type { WeightFormat } from "@dit/backend-ort";
import {
  ConfigError,
  createSampler,
  didYouMean,
  type HostTensor,
  hostTensor,
  type Model,
  nullLabel,
  type Precision,
  type SampleSettings,
  type Samples,
} from "@dit/core";
import { shownPath } from "../config/configFile";
import { drawGrid } from "../drawGrid";
import { openModel } from "../findModel";
import { npzOfImages } from "../images/npzOfImages";
import { toBytes } from "../images/toBytes";
import { type BackendConfig, openBackend } from "../openBackend";
import type { Progress } from "../output/progress";
import { freeName } from "../run/runFolder";
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
  /** 1.5 unless given, as in training; 1 for a model that never saw a dropped label. */
  readonly guidance?: number;
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
  const labels = labelsOf(model, command.classes).flatMap((label) => new Array<number>(perClass).fill(label));
  const guidance = command.guidance ?? (model.config.dit.classDropout > 0 ? 1.5 : 1);
  const out = command.out ?? (npz === undefined ? freeName("samples.png") : undefined);
  const { precision, weights } = inFormats(command.precision);
  const backend = await openBackend(command.backend, weights);
  const stop = stopSignal(() => progress.note("stopping; nothing is written"));
  const started = performance.now();
  const images = npz === undefined ? undefined : await npzOfImages(npz, model, labels);
  try {
    const kept: HostTensor<"f32">[] = [];
    let settings: Samples["settings"] | undefined;
    const drawing = { ...command, settings: { ...command.settings, guidance, precision } };
    for await (const samples of batches(drawing, model, backend, labels, stop.signal)) {
      await images?.add(toBytes(samples.images).data);
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

function inFormats(name: SamplePrecision): { readonly precision: Precision; readonly weights: WeightFormat } {
  return name === "int8" || name === "int4" ? { precision: "f32", weights: name } : { precision: name, weights: "f32" };
}

/** Batch by batch; an image's noise depends on the seed and its own number, not on its batch. */
async function* batches(
  { settings, seed, batch, progress }: Omit<SampleCommand, "settings"> & { readonly settings: Partial<SampleSettings> },
  model: Model,
  backend: Parameters<typeof createSampler>[1],
  labels: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<Samples> {
  const size = Math.min(batch, labels.length);
  const sampler = await createSampler(model.config, backend, size, { ...settings, weights: model.weights });
  const total = Math.ceil(labels.length / size);
  try {
    for (let i = 0; i < total; i++) {
      // The last batch may be short: it is filled up, and what fills it is thrown away.
      const part = Array.from({ length: size }, (_, j) => labels[i * size + j] ?? labels[0]!);
      const { images, settings } = await sampler.run(model.weights, part, {
        seed,
        firstSample: i * size,
        signal,
        onStep: (step, steps) => progress.update({ step: i * steps + step, total: total * steps }),
      });
      const [, ...image] = images.shape;
      const count = Math.min(size, labels.length - i * size);
      const data = images.data.subarray(0, (images.data.length / size) * count);
      yield { images: hostTensor("f32", [count, ...image], data), settings };
    }
  } finally {
    await sampler.dispose();
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

/** Labels by number or name; all when none is given, which for an unconditional model is the null label. @throws ConfigError naming a class that the model does not know */
export function labelsOf({ config }: Pick<Model, "config">, classes: readonly string[]): number[] {
  const { numClasses } = config.dit;
  const names = config.classNames ?? [];
  if (numClasses === 0) {
    if (classes.length > 0) throw new ConfigError("the model is unconditional, it knows no classes: leave --class out");
    return [nullLabel(config.dit)];
  }
  if (classes.length === 0) return Array.from({ length: numClasses }, (_, i) => i);
  return classes.map((given) => {
    const named = names.indexOf(given);
    const label = named === -1 && /^\d+$/.test(given) ? Number(given) : named;
    if (label >= 0 && label < numClasses) return label;
    if (/^-?\d+$/.test(given) || names.length === 0) {
      throw new ConfigError(
        `class ${given} is out of range: the model knows ${numClasses} classes, 0..${numClasses - 1}`,
      );
    }
    const near = didYouMean(given, names);
    const known = `${names.slice(0, shownNames).join(", ")}${names.length > shownNames ? ", ..." : ""}`;
    throw new ConfigError(
      `there is no class "${given}"${near === undefined ? "" : `; did you mean ${near}?`} (classes: ${known})`,
    );
  });
}

/** Class names that an error lists; ImageNet has a thousand. */
const shownNames = 12;
