import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { ConfigError, createSampler, type HostTensor, hostTensor, type Model, type Samples, type SampleSettings, didYouMean } from "@dit/core";
import { writeNpz } from "@dit/core/internal";
import { drawGrid } from "../drawGrid";
import { openModel } from "../findModel";
import { toBytes } from "../images/toBytes";
import { type BackendConfig, openBackend } from "../openBackend";
import type { Progress } from "../output/progress";
import { atomicWrite } from "../run/atomicWrite";
import { stopSignal } from "../stopSignal";

export interface SampleCommand {
  readonly model: string;
  readonly backend: BackendConfig;
  /** Names or numbers; every class when empty. */
  readonly classes: readonly string[];
  readonly perClass: number;
  readonly settings: Partial<SampleSettings>;
  readonly seed: number;
  /** Images in one batch. */
  readonly batch: number;
  /** PNG grid to write. */
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
  const { progress, perClass } = command;
  if (command.out === undefined && command.npz === undefined) throw new ConfigError("say where the images go: --out grid.png, --npz images.npz or both");
  const model = await openModel(command.model);
  const labels = labelsOf(model, command.classes).flatMap((label) => new Array<number>(perClass).fill(label));
  const backend = await openBackend(command.backend);
  const stop = stopSignal(() => progress.note("stopping"));
  const started = performance.now();
  try {
    const samples = await drawAll(command, model, backend, labels, stop.signal);
    progress.done();
    if (command.out !== undefined) drawGrid(command.out, samples, perClass, { "dit:model": command.model });
    if (command.npz !== undefined) {
      const { data, shape } = toBytes(samples.images);
      mkdirSync(dirname(command.npz), { recursive: true });
      const arr_1 = { dtype: "i8", shape: [labels.length], data: BigInt64Array.from(labels, BigInt) } as const;
      atomicWrite(command.npz, writeNpz({ arr_0: { dtype: "u1", shape, data }, arr_1 }));
    }
    const { classes: _, seed: __, ...settings } = samples.settings;
    return {
      images: labels.length,
      seconds: (performance.now() - started) / 1000,
      out: command.out ?? null,
      npz: command.npz ?? null,
      settings,
    };
  } finally {
    stop.dispose();
    await backend.dispose();
  }
}

/** Batch by batch; each batch has a seed of its own, derived from the first. */
async function drawAll(
  { settings, seed, batch, progress }: SampleCommand,
  model: Model,
  backend: Parameters<typeof createSampler>[1],
  labels: readonly number[],
  signal: AbortSignal,
): Promise<Samples> {
  const size = Math.min(batch, labels.length);
  const sampler = await createSampler(model.config, backend, size, settings);
  const { inChannels, inputSize } = model.config.dit;
  const pixels = inChannels * inputSize[0] * inputSize[1];
  const data = new Float32Array(labels.length * pixels);
  const batches = Math.ceil(labels.length / size);
  try {
    let last: Samples | undefined;
    for (let i = 0; i < batches; i++) {
      // The last batch may be short: it is filled up, and what fills it is thrown away.
      const part = Array.from({ length: size }, (_, j) => labels[i * size + j] ?? labels[0]!);
      last = await sampler.run(model.weights, part, {
        seed,
        firstSample: i * size,
        signal,
        onStep: (step, steps) => progress.update({ step: i * steps + step, total: batches * steps }),
      });
      data.set(last.images.data.subarray(0, Math.min(size, labels.length - i * size) * pixels), i * size * pixels);
    }
    const images: HostTensor<"f32"> = hostTensor("f32", [labels.length, inChannels, ...inputSize], data);
    return { images, settings: { ...last!.settings, classes: labels } };
  } finally {
    await sampler.dispose();
  }
}

/** Labels by number or name; all when none is given. @throws ConfigError naming a class that the model does not know */
export function labelsOf({ config }: Pick<Model, "config">, classes: readonly string[]): number[] {
  const { numClasses } = config.dit;
  const names = config.classNames ?? [];
  if (classes.length === 0) return Array.from({ length: numClasses }, (_, i) => i);
  return classes.map((given) => {
    const named = names.indexOf(given);
    const label = named === -1 && /^\d+$/.test(given) ? Number(given) : named;
    if (label >= 0 && label < numClasses) return label;
    const near = didYouMean(given, names);
    throw new ConfigError(
      `class ${given} is out of range: the model knows ${numClasses} classes, 0..${numClasses - 1}${near === undefined ? "" : `; did you mean ${near}?`}`,
    );
  });
}
