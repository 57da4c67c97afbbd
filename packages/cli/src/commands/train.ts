import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type AdamWConfig,
  ConfigError,
  countParams,
  createSampler,
  ditSpec,
  type Model,
  type ModelConfig,
  type Sampler,
  type StepMetrics,
  train,
  type TrainState,
} from "@dit/core";
import { type CheckpointNotes, listCheckpoints, readCheckpoint, removeUnfinished, writeCheckpoint } from "../checkpoints/checkpoint";
import { applyRetention } from "../checkpoints/retention";
import { type ConfigSources, configFileText, resolveConfig } from "../config/resolveConfig";
import type { TrainConfig } from "../config/trainConfig";
import { split } from "../data/dataset";
import { openDataset } from "../data/openDataset";
import { drawGrid } from "../drawGrid";
import { openModel } from "../findModel";
import { modelFromConfig } from "../modelFromConfig";
import { openBackend } from "../openBackend";
import type { Progress } from "../output/progress";
import { writeReport } from "../report/writeReport";
import { atomicWrite } from "../run/atomicWrite";
import { environment } from "../run/environment";
import { addToMeter, emptyMeter, type MeterState, readMeter } from "../run/meter";
import { appendMetric, truncateMetrics } from "../run/metrics";
import { createRunFolder, type RunFolder, runFolder } from "../run/runFolder";
import { tensorBoardWriter } from "../run/tensorboard";
import { stopSignal } from "../stopSignal";

export interface TrainCommand {
  readonly sources: ConfigSources;
  /** Where runs lie. */
  readonly root: string;
  /** A run's folder to continue. */
  readonly resume?: string;
  readonly progress: Progress;
}

/** What `dit train` says when it is done. */
export interface TrainSummary {
  readonly run: string;
  readonly step: number;
  readonly loss: number | null;
  readonly report: string;
}

/** `dit train`: trains, and leaves a run folder from which everything can be seen, remade and continued. */
export async function trainCommand({ sources, root, resume, progress }: TrainCommand): Promise<TrainSummary> {
  const resolved = resolveConfig(resume === undefined ? sources : { ...sources, file: configOf(resume) });
  const { config } = resolved;
  const all = await openDataset(config.data, { imageSize: config.imageSize ?? undefined });
  const data = split(all, config.validation, 0);
  const model = modelFromConfig(config, data.train);
  const init = config.init === null ? undefined : await openModel(config.init);
  if (init !== undefined) requireSameShape(model, init, config.init!);
  const backend = await openBackend(config.backend);

  const run = resume === undefined ? createRunFolder(root, config.name) : runFolder(resume);
  const from = resume === undefined ? undefined : lastCheckpoint(run);
  atomicWrite(run.config, configFileText(resolved));
  atomicWrite(run.environment, `${JSON.stringify(environment(["@dit/core", "@dit/backend-ort", "onnxruntime-node"]), null, 2)}\n`);
  truncateMetrics(run.metrics, from?.notes.step ?? 0);
  const recorder = record(run, config, progress, from?.notes);
  const preview = previewer(model, backend, config, run);
  const stop = stopSignal(() => progress.note("stopping after this call; once more quits without saving"));
  progress.note(
    `${run.path}: ${countParams(ditSpec(model.dit)).toLocaleString("en")} parameters, ${data.train.size.toLocaleString("en")} images, ${backend.name}`,
  );

  try {
    const { state } = await train({
      model,
      data: data.train,
      backend,
      ...trainSettings(config),
      ...(init === undefined ? {} : { init: init.weights }),
      ...(from === undefined ? {} : { resume: from.state }),
      ...(config.validation === 0
        ? {}
        : {
            validation: { data: data.validation, batchSize: config.train.batchSize, batches: validationBatches },
            validateEvery: config.checkpoint.everySteps,
          }),
      checkpointEvery: config.checkpoint.everySteps,
      previewEvery: config.sample.everySteps,
      signal: stop.signal,
      onMetrics: recorder.step,
      onValidation: recorder.validation,
      onPreview: async (step, current) => {
        await preview.draw(step, current);
        writeReport(run, resolved, model);
      },
      onCheckpoint: (current: TrainState) => {
        const path = writeCheckpoint(run.checkpoints, model, current, recorder.notes(current.step));
        applyRetention(run.checkpoints, config.checkpoint);
        progress.event("checkpoint", { step: current.step, path });
      },
    });
    progress.done();
    writeReport(run, resolved, model);
    stop.throwIfReceived(`stopped at step ${state.step}; continue with: dit train --resume ${run.path}`);
    return { run: run.path, step: state.step, loss: recorder.lastLoss(), report: run.report };
  } finally {
    stop.dispose();
    await preview.dispose();
    await backend.dispose();
  }
}

/** Batches behind one held-out loss: enough to tell checkpoints apart, few enough not to be felt. */
const validationBatches = 8;

function configOf(folder: string): string {
  const { config } = runFolder(folder);
  if (!existsSync(config)) throw new ConfigError(`${folder} is no run: it has no config.json`);
  return config;
}

function lastCheckpoint(run: RunFolder) {
  removeUnfinished(run.checkpoints);
  const newest = listCheckpoints(run.checkpoints).at(-1);
  return newest === undefined ? undefined : readCheckpoint(newest.path);
}

function trainSettings({ train: t }: TrainConfig) {
  const adamw: AdamWConfig = { betas: t.betas, epsilon: t.eps, weightDecay: t.weightDecay };
  return {
    steps: t.steps,
    batchSize: t.batchSize,
    seed: t.seed,
    learningRate: t.learningRate,
    warmup: t.warmup,
    decay: t.decay,
    emaDecay: t.emaDecay,
    stepsPerCall: t.stepsPerCall,
    adamw,
    ...(t.gradientClip === null ? {} : { gradientClip: t.gradientClip }),
  };
}

function requireSameShape(model: ModelConfig, init: Model, path: string): void {
  const [wanted, given] = [model.dit, init.config.dit];
  const key = (["inputSize", "inChannels", "patchSize", "hiddenSize", "depth", "heads", "mlpRatio", "numClasses", "learnSigma"] as const).find(
    (name) => String(wanted[name]) !== String(given[name]),
  );
  if (key !== undefined) {
    throw new ConfigError(`init ${path} is a model of ${key} ${given[key]}, this run's is ${wanted[key]}`);
  }
}

/** Turns steps into lines of metrics, TensorBoard events and progress. */
function record(run: RunFolder, config: TrainConfig, progress: Progress, from: CheckpointNotes | undefined) {
  const board = tensorBoardWriter(run.tensorboard, { firstStep: (from?.step ?? 0) + 1 });
  const started = performance.now();
  let meter: MeterState = from?.meter ?? emptyMeter;
  let last: StepMetrics | undefined;
  let measured: { step: number; loss: number } | undefined;
  const seconds = () => Math.round((from?.seconds ?? 0) * 1000 + performance.now() - started) / 1000;
  const write = (metrics: StepMetrics, extra: { validationLoss?: number } = {}) => {
    const means = meter.count === 0 ? metrics : readMeter(meter);
    const { learningRate, imagesPerSecond, step } = metrics;
    const line = { ...means, learningRate, imagesPerSecond, ...extra };
    appendMetric(run.metrics, { step, ...line, seconds: seconds() });
    board.scalars(step, line);
    progress.event("metrics", { step, ...line });
  };
  return {
    step: (metrics: StepMetrics) => {
      last = metrics;
      meter = addToMeter(meter, metrics);
      progress.update({ step: metrics.step, total: config.train.steps, loss: readMeter(meter).loss, imagesPerSecond: metrics.imagesPerSecond });
      if (metrics.step % config.log.everySteps === 0) {
        write(metrics);
        meter = emptyMeter;
      }
    },
    validation: (step: number, loss: number) => {
      measured = { step, loss };
      if (last !== undefined) write(last, { validationLoss: loss });
    },
    notes: (step: number): CheckpointNotes => ({
      step,
      seconds: seconds(),
      meter,
      ...(measured?.step === step ? { validationLoss: measured.loss } : {}),
    }),
    lastLoss: () => last?.loss ?? null,
  };
}

/** Draws the same noise at each visit, so that one sees the same pictures grow. */
function previewer(model: ModelConfig, backend: Parameters<typeof createSampler>[1], config: TrainConfig, run: RunFolder) {
  const { perClass, sampler, steps, guidance, guidanceChannels, clip } = config.sample;
  const shown = Math.min(model.dit.numClasses, largestPreview);
  const classes = Array.from({ length: shown * perClass }, (_, i) => Math.floor(i / perClass));
  const settings = { sampler, steps, guidance, guidanceChannels, clip };
  let compiled: Promise<Sampler> | undefined;
  return {
    draw: async (step: number, current: Model) => {
      compiled ??= createSampler(model, backend, classes.length, settings);
      const samples = await (await compiled).run(current.weights, classes, { seed: config.train.seed });
      const file = join(run.samples, `step-${String(step).padStart(6, "0")}.png`);
      drawGrid(file, samples, perClass, { "dit:step": String(step) });
    },
    dispose: async () => (await compiled)?.dispose(),
  };
}

/** Classes in a preview. */
const largestPreview = 10;
