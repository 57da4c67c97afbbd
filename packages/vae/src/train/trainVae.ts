import {
  type AdamWConfig,
  adamwDefaults,
  type Backend,
  ConfigError,
  type Dataset,
  type DecayName,
  DitError,
  type EmaConfig,
  emaDecayAt,
  type Feeds,
  hostZeros,
  initialize,
  learningRateAt,
  type Weights,
} from "@dit/core";
import {
  adamwScalarsAt,
  disposeAll,
  fillNormal,
  isDeviceTensor,
  prefixed,
  readAll,
  stackScalars,
  trainingImages,
  unprefixed,
} from "@dit/core/internal";
import type { AutoencoderKLConfig } from "../config/klConfig";
import { type Vae, vaeSpec } from "../vae";
import { type VaeObjective, vaeObjectiveDefaults } from "./loss";
import { vaeTrainStep } from "./trainStep";

export interface TrainVaeOptions {
  readonly config: AutoencoderKLConfig;
  /** Images of the configuration's channels. Labels are not read. */
  readonly data: Dataset;
  readonly backend: Backend;
  readonly steps: number;
  readonly batchSize?: number;
  readonly objective?: Partial<VaeObjective>;
  readonly learningRate?: number;
  /** Steps over which the learning rate rises from 0. */
  readonly warmup?: number;
  readonly decay?: DecayName;
  readonly adamw?: Partial<AdamWConfig>;
  readonly ema?: EmaConfig;
  /** Largest global gradient norm; 1 by default, since a convolution's gradients leap in the beginning. */
  readonly gradientClip?: number;
  /** Decides first weights, order, mirroring and noise. */
  readonly seed?: number;
  /** First weights. */
  readonly init?: Weights;
  /** Steps handed to the backend at a time. */
  readonly stepsPerCall?: number;
  /** Stops between two calls. */
  readonly signal?: AbortSignal;
  readonly onMetrics?: (metrics: VaeStepMetrics) => void;
}

/** What one step measured, before its update. */
export interface VaeStepMetrics {
  /** Counted from 1. */
  readonly step: number;
  readonly loss: number;
  readonly reconstruction: number;
  /** Nats of a whole latent. */
  readonly kl: number;
  readonly perceptual?: number;
  readonly gradNorm: number;
  readonly imagesPerSecond: number;
}

export interface TrainedVae {
  /** With the averaged weights. */
  readonly vae: Vae<AutoencoderKLConfig>;
  /** Steps taken, fewer than asked for when it was stopped. */
  readonly step: number;
}

/**
 * Trains an autoencoder. As in core's `train` the whole step is one graph, and every draw depends on seed, step and sample
 * alone.
 * @throws ConfigError when images and configuration do not fit, DitError when the loss is no number any more
 */
export async function trainVae(options: TrainVaeOptions): Promise<TrainedVae> {
  const { config, data, backend, steps, batchSize = 32, seed = 0, gradientClip = 1, stepsPerCall = 10 } = options;
  requireFit(config, data);
  const [, height, width] = data.imageShape;
  const adamw = { ...adamwDefaults, ...options.adamw };
  const objective = { ...vaeObjectiveDefaults, ...options.objective };
  const scan = vaeTrainStep(config, { batchSize, imageSize: [height, width], adamw, objective, gradientClip });
  const executable = await backend.compileScan(scan);
  const feeds = feedsOf(options, batchSize, seed);
  let carry: Feeds = firstCarry(options.init ?? initialize(vaeSpec(config), seed));
  try {
    let step = 0;
    while (step < steps && options.signal?.aborted !== true) {
      const count = Math.min(stepsPerCall, steps - step);
      const started = performance.now();
      const { carry: next, ys } = await executable.run({ carry, xs: feeds(step, count) });
      carry = next;
      const columns = await readAll(ys);
      disposeAll(ys);
      report(columns, step, (1000 * count * batchSize) / (performance.now() - started), options);
      step += count;
    }
    const ema = Object.entries(unprefixed("ema", carry));
    const read = ema.map(async ([name, feed]) => [name, isDeviceTensor(feed) ? await feed.read() : feed] as const);
    const weights = Object.fromEntries(await Promise.all(read)) as Weights;
    return { vae: { config, weights }, step };
  } finally {
    disposeAll(carry);
    await executable.dispose();
  }
}

function firstCarry(params: Weights): Feeds {
  const zeros = Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, hostZeros("f32", shape)]));
  return {
    ...prefixed("params", params),
    ...prefixed("m", zeros),
    ...prefixed("v", zeros),
    ...prefixed("ema", params),
  };
}

/** What the steps from `first` on read: images, noise, and the numbers that depend on the step. */
function feedsOf(options: TrainVaeOptions, batchSize: number, seed: number): (first: number, count: number) => Feeds {
  const { config, data, steps, learningRate = 1e-3, warmup = 0, decay = "cosine" } = options;
  const { ema = { kind: "constant", decay: 0.99, warmup: true } } = options;
  const adamw = { ...adamwDefaults, ...options.adamw };
  const visit = trainingImages(data, batchSize, seed);
  const [, height, width] = data.imageShape;
  const halvings = 2 ** (config.blockOutChannels.length - 1);
  const latent = [config.latentChannels, height / halvings, width / halvings];
  return (first, count) => {
    const images = hostZeros("f32", [count, batchSize, ...data.imageShape]);
    const noise = hostZeros("f32", [count, batchSize, ...latent]);
    for (let i = 0; i < count * batchSize; i++) {
      const [step, sample] = [first + Math.floor(i / batchSize), i % batchSize];
      const [image, cells] = [images.data.length / (count * batchSize), noise.data.length / (count * batchSize)];
      visit(step, sample, images.data, i * image);
      fillNormal({ seed, stream: "posterior", step, sample }, noise.data, i * cells, cells);
    }
    const rows = Array.from({ length: count }, (_, i) => {
      const rate = learningRateAt(first + i, steps, { learningRate, warmup, decay });
      return {
        ...prefixed("adamw", adamwScalarsAt(first + i + 1, rate, adamw)),
        emaDecay: emaDecayAt(first + i + 1, ema),
      };
    });
    return { "batch.images": images, "batch.noise": noise, ...stackScalars(rows) };
  };
}

function report(columns: Weights, first: number, imagesPerSecond: number, { onMetrics }: TrainVaeOptions): void {
  columns.loss!.data.forEach((loss, i) => {
    const step = first + i + 1;
    if (!Number.isFinite(loss)) throw new DitError(`the loss is ${loss} at step ${step}; lower the learning rate`);
    const values = Object.fromEntries(Object.entries(columns).map(([name, { data }]) => [name, data[i]!]));
    const measured = values as Pick<VaeStepMetrics, "loss" | "reconstruction" | "kl" | "perceptual" | "gradNorm">;
    onMetrics?.({ step, ...measured, imagesPerSecond });
  });
}

function requireFit({ inChannels, outChannels, blockOutChannels }: AutoencoderKLConfig, { imageShape, size }: Dataset) {
  const [channels, height, width] = imageShape;
  const halvings = 2 ** (blockOutChannels.length - 1);
  if (channels !== inChannels || channels !== outChannels)
    throw new ConfigError(
      `the images have ${channels} channels, the autoencoder takes ${inChannels} and gives ${outChannels}`,
    );
  if (height % halvings !== 0 || width % halvings !== 0) {
    throw new ConfigError(`images of ${height}x${width} cannot be halved ${blockOutChannels.length - 1} times`);
  }
  if (size === 0) throw new ConfigError("the data holds no image");
}
