import {
  type AdamWConfig,
  adamwDefaults,
  type Backend,
  ConfigError,
  type Dataset,
  type DecayName,
  type DeviceTensors,
  DitError,
  type EmaConfig,
  emaDecayAt,
  type Feeds,
  hostZeros,
  initialize,
  learningRateAt,
  type TrainState,
  type Weights,
} from "@dit/core";
import {
  adamwScalarsAt,
  callsOf,
  disposeAll,
  fillNormal,
  isDue,
  prefixed,
  readAll,
  stackScalars,
  trainingImages,
  unprefixed,
} from "@dit/core/internal";
import type { AutoencoderKLConfig } from "../config/klConfig";
import { latentSize } from "../run/graphs";
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
  /** Continue from here; everything else must be as it was. */
  readonly resume?: VaeTrainState;
  readonly checkpointEvery?: number;
  readonly previewEvery?: number;
  /** Stops between two calls, after a last checkpoint. */
  readonly signal?: AbortSignal;
  readonly onMetrics?: (metrics: VaeStepMetrics) => void;
  /** With the averaged weights so far, for pictures as training goes on. */
  readonly onPreview?: (step: number, vae: Vae<AutoencoderKLConfig>) => void | Promise<void>;
  readonly onCheckpoint?: (state: VaeTrainState) => void | Promise<void>;
}

/** Everything that training needs to go on exactly. */
export type VaeTrainState = Omit<TrainState, "lossScale">;

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
  readonly learningRate: number;
  /** Of the call that held this step. */
  readonly imagesPerSecond: number;
}

export interface TrainedVae {
  /** With the averaged weights. */
  readonly vae: Vae<AutoencoderKLConfig>;
  /** After the steps taken, fewer than asked for when it was stopped. */
  readonly state: VaeTrainState;
}

/**
 * Trains an autoencoder. As in core's `train` the whole step is one graph, and every draw depends on seed, step and sample
 * alone.
 * @throws ConfigError when images and configuration do not fit, DitError when the loss is no number any more
 */
export async function trainVae(options: TrainVaeOptions): Promise<TrainedVae> {
  const { config, data, backend, steps, batchSize = 32, seed = 0, gradientClip = 1, stepsPerCall = 10 } = options;
  requireTrainable(config, data);
  const [, height, width] = data.imageShape;
  const adamw = { ...adamwDefaults, ...options.adamw };
  const objective = { ...vaeObjectiveDefaults, ...options.objective };
  const isAborted = () => options.signal?.aborted === true;
  const scan = vaeTrainStep(config, { batchSize, imageSize: [height, width], adamw, objective, gradientClip });
  const executable = await backend.compileScan(scan);
  const feeds = feedsOf(options, batchSize, seed);
  let state = options.resume ?? firstState(options.init ?? initialize(vaeSpec(config), seed));
  if (state.step > steps) throw new ConfigError(`the state to resume from has ${state.step} steps, more than ${steps}`);
  let carry: Feeds = carryOf(state);
  try {
    for (const { first, count } of callsOf(state.step, { ...options, stepsPerCall })) {
      if (isAborted()) break;
      const started = performance.now();
      const { carry: next, ys } = await executable.run({ carry, xs: feeds(first, count) });
      carry = next;
      const columns = await readAll(ys);
      disposeAll(ys);
      report(columns, first, (1000 * count * batchSize) / (performance.now() - started), options);
      const step = first + count;
      if (options.onPreview !== undefined && isDue(step, steps, options.previewEvery)) {
        await options.onPreview(step, { config, weights: await readAll(unprefixed("ema", next)) });
      }
      if (isAborted() || isDue(step, steps, options.onCheckpoint && options.checkpointEvery)) {
        state = await stateOf(step, next);
        await options.onCheckpoint?.(state);
      }
    }
  } finally {
    disposeAll(carry);
    await executable.dispose();
  }
  return { vae: { config, weights: state.ema }, state };
}

/** No momentum; the average equals the weights. */
function firstState(params: Weights): VaeTrainState {
  const zeros = Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, hostZeros("f32", shape)]));
  return { step: 0, params, m: zeros, v: zeros, ema: params };
}

const parts = ["params", "m", "v", "ema"] as const;

function carryOf(state: VaeTrainState): Feeds {
  return Object.assign({}, ...parts.map((part) => prefixed(part, state[part])));
}

async function stateOf(step: number, carry: DeviceTensors): Promise<VaeTrainState> {
  const [params, m, v, ema] = await Promise.all(parts.map((part) => readAll(unprefixed(part, carry))));
  return { step, params: params!, m: m!, v: v!, ema: ema! };
}

/** What the steps from `first` on read: images, noise, and the numbers that depend on the step. */
function feedsOf(options: TrainVaeOptions, batchSize: number, seed: number): (first: number, count: number) => Feeds {
  const { config, data } = options;
  const { ema = { kind: "constant", decay: 0.99, warmup: true } } = options;
  const adamw = { ...adamwDefaults, ...options.adamw };
  const visit = trainingImages(data, batchSize, seed);
  const [, height, width] = data.imageShape;
  const latent = [config.latentChannels, ...latentSize(config, [height, width])];
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
      return {
        ...prefixed("adamw", adamwScalarsAt(first + i + 1, rateAt(first + i, options), adamw)),
        emaDecay: emaDecayAt(first + i + 1, ema),
      };
    });
    return { "batch.images": images, "batch.noise": noise, ...stackScalars(rows) };
  };
}

function rateAt(step: number, options: TrainVaeOptions): number {
  const { steps, learningRate = 1e-3, warmup = 0, decay = "cosine" } = options;
  return learningRateAt(step, steps, { learningRate, warmup, decay });
}

function report(columns: Weights, first: number, imagesPerSecond: number, options: TrainVaeOptions): void {
  columns.loss!.data.forEach((loss, i) => {
    const step = first + i + 1;
    if (!Number.isFinite(loss)) throw new DitError(`the loss is ${loss} at step ${step}; lower the learning rate`);
    const values = Object.fromEntries(Object.entries(columns).map(([name, { data }]) => [name, data[i]!]));
    const measured = values as Pick<VaeStepMetrics, "loss" | "reconstruction" | "kl" | "perceptual" | "gradNorm">;
    options.onMetrics?.({ step, ...measured, learningRate: rateAt(first + i, options), imagesPerSecond });
  });
}

/** What `trainVae` asks of its images. @throws ConfigError when they and the configuration do not fit */
export function requireTrainable(config: AutoencoderKLConfig, { imageShape, size }: Dataset): void {
  const { inChannels, outChannels } = config;
  const [channels, height, width] = imageShape;
  if (channels !== inChannels || channels !== outChannels)
    throw new ConfigError(
      `the images have ${channels} channels, the autoencoder takes ${inChannels} and gives ${outChannels}`,
    );
  latentSize(config, [height, width]);
  if (size === 0) throw new ConfigError("the data holds no image");
}
