import type { Model, ModelConfig } from "../define/model";
import type { Weights } from "../define/params";
import { type AdamWConfig, adamwDefaults, adamwScalarsAt } from "../define/train/adamw";
import { type EmaConfig, emaDecayAt, emaDefaults } from "../define/train/ema";
import { type LearningRateConfig, learningRateAt } from "../define/train/learningRate";
import { type TrainStepConfig, trainStep } from "../define/train/trainStep";
import { ConfigError, DitError } from "../ir/errors";
import type { HostTensor } from "../ir/hostTensor";
import type { Backend, DeviceTensors } from "./backend";
import { type BatchSource, trainingBatches } from "./batches";
import { type Call, callsOf, isDue } from "./calls";
import { type Dataset, requireFit } from "./dataset";
import { disposeAll, stackScalars } from "./feeds";
import { firstNonFinite } from "./nonFinite";
import { carryOf, firstState, prefixed, readAll, splitFixed, stateOf, type TrainState, unprefixed } from "./trainState";
import { type Validation, type Validator, validator } from "./validate";

export interface TrainOptions
  extends Partial<LearningRateConfig>,
    Pick<TrainStepConfig, "gradientClip" | "accumulate" | "checkpoint" | "precision"> {
  readonly model: ModelConfig;
  readonly data: Dataset;
  readonly backend: Backend;
  readonly steps: number;
  readonly batchSize?: number;
  /** Decides first weights, data order, noise, timesteps and dropped labels. */
  readonly seed?: number;
  readonly adamw?: Partial<AdamWConfig>;
  /** How the averaged weights, which are sampled from, forget. The paper's decay is 0.9999, for long runs. */
  readonly ema?: EmaConfig;
  /** First weights, for fine-tuning; those of other shapes than the model's are an error. */
  readonly init?: Weights;
  /** Continue from here; everything else must be as it was. */
  readonly resume?: TrainState;
  /** Steps handed to the backend at a time, 20 by default. It changes nothing but how often the host hears of them. */
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

/** What one step measured, before its update. */
export interface StepMetrics {
  /** Counted from 1. */
  readonly step: number;
  readonly loss: number;
  readonly mse?: number;
  readonly vb?: number;
  /** Global L2 norm, before clipping. */
  readonly gradNorm: number;
  /** What the loss was multiplied by, in f16. A step whose gradNorm is no finite number was passed over. */
  readonly lossScale?: number;
  readonly learningRate: number;
  /** Of the call that held this step. */
  readonly imagesPerSecond: number;
}

export interface TrainResult {
  readonly state: TrainState;
  /** The averaged weights, which is what one samples from. */
  readonly model: Model;
}

/**
 * Trains a model. The whole step is one graph that the backend runs `stepsPerCall` times per call with the state on the
 * device; meanwhile the host makes the next batches, where the runtime has threads of its own.
 * @throws ConfigError when data, model and settings do not fit
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { model, data, backend, steps, batchSize = 256, seed = 0, resume } = options;
  const isAborted = () => options.signal?.aborted === true;
  requireFit(model, data);
  const { accumulate = 1, checkpoint = false, precision = "f32" } = options;
  requireWhole({ steps, batchSize, accumulate, stepsPerCall: options.stepsPerCall ?? 1 });
  if (batchSize % accumulate !== 0)
    throw new ConfigError(`accumulate is ${accumulate}, which does not divide the batch of ${batchSize}`);
  let state = resume ?? firstState(model, seed, options.init);
  if (state.step > steps) throw new ConfigError(`the state to resume from has ${state.step} steps, more than ${steps}`);

  const { fixed } = splitFixed(model, state.params);
  const feeds = feedsOf(options, trainingBatches(data, model, batchSize, seed));
  const calls = callsOf(state.step, options);
  const { gradientClip } = options;
  const adamw = { ...adamwDefaults, ...options.adamw };
  const limits = gradientClip === undefined ? {} : { gradientClip };
  const scan = trainStep(model, { batchSize, adamw, accumulate, checkpoint, precision, ...limits });
  const bound = prefixed("fixed", fixed);
  const executable = await backend.compileScan(scan, { constants: bound });
  /** Where a loss that is no number comes from: the steps before it once more, from the state that was read last. */
  const blame = async (step: number): Promise<string | undefined> => {
    const before = Math.max(state.step, step - 2);
    let again = carryOf(model, state, precision);
    try {
      for (const call of callsOf(state.step, { ...options, steps: before })) {
        const { carry: next, ys } = await executable.run({ carry: again, xs: feeds(call) });
        again = next;
        disposeAll(ys);
      }
      const xs = feeds({ first: before, count: step - before });
      return await firstNonFinite(backend, scan, { bound, constants: {}, carry: again, xs });
    } finally {
      disposeAll(again);
    }
  };
  let validate: Validator | undefined;
  let carry = carryOf(model, state, precision);
  try {
    validate = options.validation && (await validator(model, backend, options.validation));
    let next = calls.length === 0 ? undefined : feeds(calls[0]!);
    for (const [i, { first, count }] of calls.entries()) {
      if (isAborted()) break;
      const started = performance.now();
      const running = executable.run({ carry, xs: next! });
      // Where the runtime computes on threads of its own, the next batches are made while it does.
      const following = eagerly(() => calls[i + 1] && feeds(calls[i + 1]!));
      const { carry: current, ys } = await running;
      carry = current;
      await report(ys, first, (1000 * count * batchSize) / (performance.now() - started), options, blame);
      next = following();

      const step = first + count;
      if (validate !== undefined && isDue(step, steps, options.validateEvery)) {
        const ema = { ...fixed, ...unprefixed("ema", current) };
        await options.onValidation?.(step, await validate.run(ema));
      }
      if (options.onPreview !== undefined && isDue(step, steps, options.previewEvery)) {
        const ema = { ...fixed, ...(await readAll(unprefixed("ema", current))) };
        await options.onPreview(step, { config: model, weights: ema });
      }
      const isLast = step === steps || isAborted();
      if (isLast || (options.onCheckpoint !== undefined && isDue(step, steps, options.checkpointEvery))) {
        state = await stateOf(step, current, fixed);
        await options.onCheckpoint?.(state);
      }
    }
  } finally {
    disposeAll(carry);
    await validate?.dispose();
    await executable.dispose();
  }
  return { state, model: { config: model, weights: state.ema } };
}

/** What a call reads: its batches, and the numbers that depend on the step. */
function feedsOf(options: TrainOptions, source: BatchSource): (call: Call) => Record<string, HostTensor> {
  const adamw = { ...adamwDefaults, ...options.adamw };
  const { ema = emaDefaults } = options;
  return ({ first, count }) => {
    const rows = Array.from({ length: count }, (_, i) => ({
      ...prefixed("adamw", adamwScalarsAt(first + i + 1, rateAt(first + i, options), adamw)),
      emaDecay: emaDecayAt(first + i + 1, ema),
    }));
    return { ...prefixed("batch", { ...source.batches(first, count) }), ...stackScalars(rows) };
  };
}

function rateAt(step: number, { steps, learningRate = 1e-4, warmup = 0, decay = "constant" }: TrainOptions): number {
  return learningRateAt(step, steps, { learningRate, warmup, decay });
}

/** Runs `make` now and hands its value, or its error, out when asked: an error must not leave a running call alone. */
function eagerly<T>(make: () => T): () => T {
  try {
    const value = make();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/**
 * Reads and frees a call's metrics.
 * @param blame says where the loss of a step comes from
 * @throws DitError when the loss is no number any more
 */
async function report(
  ys: DeviceTensors,
  first: number,
  imagesPerSecond: number,
  options: TrainOptions,
  blame: (step: number) => Promise<string | undefined>,
): Promise<void> {
  const columns = await readAll(ys);
  disposeAll(ys);
  for (let i = 0; i < columns.loss!.data.length; i++) {
    const step = first + i + 1;
    const values = Object.fromEntries(Object.entries(columns).map(([name, { data }]) => [name, data[i]!]));
    const measured = values as Pick<StepMetrics, "loss" | "mse" | "vb" | "gradNorm" | "lossScale">;
    const { loss, gradNorm, lossScale } = measured;
    // A gradient that overflows in half precision costs its step, and no more: the loss is scaled anew.
    const [what, value] =
      Number.isFinite(loss) && lossScale === undefined ? ["gradient's norm", gradNorm] : ["loss", loss];
    if (!Number.isFinite(value)) {
      const origin = await blame(step);
      const where = origin === undefined ? "" : ` (the first such value is ${origin})`;
      throw new DitError(
        `the ${what} is ${value} at step ${step}${where}; lower the learning rate or set a gradient clip`,
      );
    }
    options.onMetrics?.({ step, ...measured, learningRate: rateAt(first + i, options), imagesPerSecond });
  }
}

function requireWhole(counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`${name} is ${value}, allowed: a whole number from 1`);
  }
}
