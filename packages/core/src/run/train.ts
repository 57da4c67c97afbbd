import { ditSpec } from "../define/dit/dit";
import { initialize } from "../define/initialize";
import type { Model, ModelConfig } from "../define/model";
import { isFixed, paramsOf, type Weights } from "../define/params";
import { type AdamWConfig, adamwDefaults, adamwScalarsAt } from "../define/train/adamw";
import { type LearningRateConfig, learningRateAt } from "../define/train/learningRate";
import { trainStep } from "../define/train/trainStep";
import { ConfigError, DitError } from "../ir/errors";
import { type HostTensor, hostF32, hostZeros } from "../ir/hostTensor";
import type { Backend, DeviceTensors, ScanResult } from "./backend";
import { type Batches, trainingBatches } from "./batches";
import type { Dataset } from "./dataset";
import { disposeAll } from "./feeds";
import { type Validation, validator } from "./validate";

export interface TrainOptions extends Partial<LearningRateConfig> {
  readonly model: ModelConfig;
  readonly data: Dataset;
  readonly backend: Backend;
  readonly steps: number;
  readonly batchSize?: number;
  /** Decides first weights, data order, noise, timesteps and dropped labels. */
  readonly seed?: number;
  readonly adamw?: Partial<AdamWConfig>;
  readonly gradientClip?: number;
  /** Decay of the averaged weights that are sampled from. The paper's is 0.9999, for long runs. */
  readonly emaDecay?: number;
  /** First weights, for fine-tuning; those of other shapes than the model's are an error. */
  readonly init?: Weights;
  /** Continue from here; everything else must be as it was. */
  readonly resume?: TrainState;
  /** Steps handed to the backend at a time. It changes nothing but how often the host hears of them. */
  readonly stepsPerCall?: number;
  readonly validation?: Validation;
  readonly validateEvery?: number;
  readonly checkpointEvery?: number;
  readonly previewEvery?: number;
  /** Stops between two calls, after a last checkpoint. */
  readonly signal?: AbortSignal;
  readonly onMetrics?: (metrics: StepMetrics) => void;
  readonly onValidation?: (step: number, loss: number) => void | Promise<void>;
  /** With the averaged weights so far, for drawing samples as training goes on. */
  readonly onPreview?: (step: number, model: Model) => void | Promise<void>;
  readonly onCheckpoint?: (state: TrainState) => void | Promise<void>;
}

/** Everything a run needs to go on exactly: host values by parameter path. */
export interface TrainState {
  /** Steps taken. */
  readonly step: number;
  readonly params: Weights;
  readonly m: Weights;
  readonly v: Weights;
  readonly ema: Weights;
}

/** What one step measured, before its update. */
export interface StepMetrics {
  /** Counted from 1. */
  readonly step: number;
  readonly loss: number;
  readonly mse?: number;
  readonly vb?: number;
  /** Global L2 norm, before clipping. */
  readonly gradNorm: number;
  readonly learningRate: number;
  /** Of the call that held this step. */
  readonly imagesPerSecond: number;
}

export interface TrainResult {
  readonly state: TrainState;
  /** The averaged weights, which is what one samples from. */
  readonly model: Model;
}

const parts = ["params", "m", "v", "ema"] as const;

/**
 * Trains a model. The whole step is one graph that the backend runs `stepsPerCall` times per call with the state on the
 * device; meanwhile the host makes the next batches.
 * @throws ConfigError when data and model do not fit
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { model, data, backend, steps, batchSize = 256, seed = 0, emaDecay = 0.9999, stepsPerCall = 10 } = options;
  requireFit(model, data);
  const optimizer: AdamWConfig = { ...adamwDefaults, ...options.adamw };
  const schedule: LearningRateConfig = { learningRate: 1e-4, warmup: 0, decay: "constant", ...options };
  const scan = trainStep(model, {
    batchSize,
    adamw: optimizer,
    ...(options.gradientClip === undefined ? {} : { gradientClip: options.gradientClip }),
  });

  let state = options.resume ?? firstState(model, seed, options.init);
  const { fixed } = splitFixed(model, state.params);
  const executable = await backend.compileScan(scan, { constants: prefixed("fixed", fixed) });
  const validate = options.validation && (await validator(model, backend, options.validation));
  const source = trainingBatches(data, model, batchSize, seed);
  const stops = stopPoints(steps, options.checkpointEvery, options.validateEvery, options.previewEvery);

  const feeds = (first: number, count: number) => ({
    ...stackedBatches(source.batches(first, count)),
    ...stackedScalars(count, (i) => ({
      ...prefixed("adamw", adamwScalarsAt(first + i + 1, learningRateAt(first + i, steps, schedule), optimizer)),
      emaDecay,
    })),
  });

  const isAborted = () => options.signal?.aborted === true;
  let step = state.step;
  let carry: DeviceTensors | Record<string, HostTensor> = carryOf(model, state);
  const snapshot = async (): Promise<TrainState> => stateOf(step, carry as DeviceTensors, fixed);
  try {
    let count = nextCount(step, steps, stepsPerCall, stops);
    let next = count === 0 ? undefined : feeds(step, count);
    while (next !== undefined && !isAborted()) {
      const started = performance.now();
      const running: Promise<ScanResult> = executable.run({ carry, xs: next });
      // The runtime computes on threads of its own, so the next batches are made while it does.
      const following = nextCount(step + count, steps, stepsPerCall, stops);
      next = following === 0 ? undefined : feeds(step + count, following);
      const result = await running;
      carry = result.carry;
      const imagesPerSecond = (1000 * count * batchSize) / (performance.now() - started);
      await reportMetrics(result.ys, step, (at) => learningRateAt(at, steps, schedule), imagesPerSecond, options.onMetrics);
      disposeAll(result.ys);
      step += count;
      count = following;
      if (validate !== undefined && isStop(step, steps, options.validateEvery)) {
        await options.onValidation?.(step, await validate.run(parametersOf("ema", carry as DeviceTensors, fixed)));
      }
      if (options.onPreview !== undefined && isStop(step, steps, options.previewEvery)) {
        const ema = await readAll(unprefixed("ema", carry as DeviceTensors));
        await options.onPreview(step, { config: model, weights: { ...fixed, ...ema } });
      }
      const isLast = next === undefined || isAborted();
      if (options.onCheckpoint !== undefined && (isStop(step, steps, options.checkpointEvery) || isLast)) {
        state = await snapshot();
        await options.onCheckpoint(state);
      }
    }
    if (step !== state.step) state = await snapshot();
  } finally {
    for (const tensor of Object.values(carry)) if ("dispose" in tensor) tensor.dispose();
    await validate?.dispose();
    await executable.dispose();
  }
  return { state, model: { config: model, weights: state.ema } };
}

/** The state before the first step: fresh weights, or those to fine-tune from; no momentum; the average equals the weights. */
export function firstState(model: ModelConfig, seed: number, init?: Weights): TrainState {
  const params = init ?? initialize(ditSpec(model.dit), seed);
  const zeros = Object.fromEntries(
    Object.entries(splitFixed(model, params).trained).map(([name, { shape }]) => [name, hostZeros("f32", shape)]),
  );
  return { step: 0, params, m: zeros, v: zeros, ema: params };
}

function requireFit({ dit }: ModelConfig, data: Dataset): void {
  const [channels, height, width] = data.imageShape;
  const [wantedHeight, wantedWidth] = dit.inputSize;
  if (channels !== dit.inChannels || height !== wantedHeight || width !== wantedWidth) {
    throw new ConfigError(
      `the data's images are ${channels}x${height}x${width}, the model takes ${dit.inChannels}x${wantedHeight}x${wantedWidth}`,
    );
  }
  if (data.classNames.length > dit.numClasses) {
    throw new ConfigError(`the data has ${data.classNames.length} classes, the model knows ${dit.numClasses}`);
  }
  if (data.size === 0) throw new ConfigError("the data holds no image");
}

function splitFixed({ dit }: ModelConfig, weights: Weights): { trained: Weights; fixed: Weights } {
  const trained: Record<string, HostTensor<"f32">> = {};
  const fixed: Record<string, HostTensor<"f32">> = {};
  for (const [name, spec] of Object.entries(paramsOf(ditSpec(dit)))) {
    const value = weights[name];
    if (value === undefined) throw new ConfigError(`parameter ${name} is missing from the weights`);
    (isFixed(spec) ? fixed : trained)[name] = value;
  }
  return { trained, fixed };
}

function carryOf(model: ModelConfig, state: TrainState): Record<string, HostTensor> {
  return Object.assign({}, ...parts.map((part) => prefixed(part, splitFixed(model, withFixed(state, part)).trained)));
}

/** Moments have no fixed tables; the split asks for them all the same. */
function withFixed(state: TrainState, part: (typeof parts)[number]): Weights {
  return part === "m" || part === "v" ? { ...state.params, ...state[part] } : state[part];
}

async function stateOf(step: number, carry: DeviceTensors, fixed: Weights): Promise<TrainState> {
  const [params, m, v, ema] = await Promise.all(parts.map((part) => readAll(unprefixed(part, carry))));
  return { step, params: { ...fixed, ...params }, m: m!, v: v!, ema: { ...fixed, ...ema } };
}

async function readAll(tensors: DeviceTensors): Promise<Weights> {
  const read = Object.entries(tensors).map(async ([name, tensor]) => [name, await tensor.read()] as const);
  return Object.fromEntries(await Promise.all(read)) as Weights;
}

function parametersOf(part: "params" | "ema", carry: DeviceTensors, fixed: Weights) {
  return { ...fixed, ...unprefixed(part, carry) };
}

function stackedBatches({ x0, noise, step, y }: Batches): Record<string, HostTensor> {
  return prefixed("batch", { x0, noise, step, y });
}

function stackedScalars(count: number, at: (i: number) => Record<string, number>): Record<string, HostTensor> {
  const rows = Array.from({ length: count }, (_, i) => at(i));
  return Object.fromEntries(Object.keys(rows[0]!).map((name) => [name, hostF32([count], rows.map((row) => row[name]!))]));
}

async function reportMetrics(
  ys: DeviceTensors,
  first: number,
  learningRate: (step: number) => number,
  imagesPerSecond: number,
  onMetrics: TrainOptions["onMetrics"],
): Promise<void> {
  const columns = await Promise.all(
    Object.entries(ys).map(async ([name, tensor]) => [name, (await tensor.read()).data] as const),
  );
  const count = columns[0]![1].length;
  for (let i = 0; i < count; i++) {
    const values = Object.fromEntries(columns.map(([name, data]) => [name, data[i]!])) as { loss: number; gradNorm: number };
    if (!Number.isFinite(values.loss)) {
      throw new DitError(`the loss is ${values.loss} at step ${first + i + 1}; lower the learning rate or set a gradient clip`);
    }
    onMetrics?.({ step: first + i + 1, ...values, learningRate: learningRate(first + i), imagesPerSecond });
  }
}

/** Multiples of these are where a call must end. */
function stopPoints(steps: number, ...every: (number | undefined)[]): readonly number[] {
  return [steps, ...every.filter((n) => n !== undefined && n > 0)] as number[];
}

function nextCount(step: number, steps: number, stepsPerCall: number, stops: readonly number[]): number {
  return Math.min(stepsPerCall, steps - step, ...stops.map((every) => every - (step % every)));
}

function isStop(step: number, steps: number, every: number | undefined): boolean {
  return step === steps || (every !== undefined && every > 0 && step % every === 0);
}

function prefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}.${name}`, value]));
}

function unprefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), value]] : [],
    ),
  );
}
