import { type AdamWConfig, type Backend, ConfigError, countParams, ditSpec, type TrainState, train } from "@dit/core";
import { writeCheckpoint } from "../checkpoints/checkpoint";
import { requireContinuation, requireSameShape } from "../checkpoints/continuation";
import { applyRetention } from "../checkpoints/retention";
import { ditFormat } from "../checkpoints/weightsFormat";
import { type ConfigSources, configFileText, resolveConfig } from "../config/resolveConfig";
import type { TrainConfig } from "../config/trainConfig";
import { readVaeRun } from "../config/vaeRunConfig";
import { split } from "../data/dataset";
import { openModel } from "../findModel";
import { openTrainingData } from "../latents/openTrainingData";
import { modelFromConfig } from "../modelFromConfig";
import { openBackend } from "../openBackend";
import type { Progress } from "../output/progress";
import { writeReport } from "../report/writeReport";
import { atomicWrite } from "../run/atomicWrite";
import { configOf, lastCheckpoint } from "../run/continued";
import { environmentText } from "../run/environment";
import { truncateMetrics } from "../run/metrics";
import { previewer } from "../run/previewer";
import { recorder } from "../run/recorder";
import { createRunFolder, moveAside, runFolder } from "../run/runFolder";
import { withRunLocks } from "../run/runLock";
import { stopSignal } from "../stopSignal";

export interface TrainCommand {
  readonly sources: ConfigSources;
  /** Where runs lie. */
  readonly root: string;
  /** A run's folder to continue. */
  readonly resume?: string;
  /** Renames an earlier run of the same name instead of refusing to start. */
  readonly moveAside?: boolean;
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
export function trainCommand(command: TrainCommand): Promise<TrainSummary> {
  return withRunLocks((lock) => trainLocked(command, lock));
}

async function trainLocked(command: TrainCommand, lock: (run: string) => void): Promise<TrainSummary> {
  const { sources, root, resume, progress } = command;
  if (resume !== undefined && readVaeRun(resume) !== undefined)
    throw new ConfigError(`${resume} is the run of an autoencoder; continue it with: dit train-vae --resume ${resume}`);
  const resolved = resolveConfig(resume === undefined ? sources : { ...sources, run: configOf(resume) });
  const { config } = resolved;
  // Before anything of it is read: another process may be writing there.
  if (resume !== undefined) lock(resume);
  const from = resume === undefined ? undefined : lastCheckpoint(runFolder(resume), ditFormat);
  const backend = await openBackend(config.backend);
  const { data: all, vae } = await openTrainingData(config, backend, progress);
  const data = split(all, config.validation, 0);
  const model = modelFromConfig(config, data.train);
  if (from !== undefined) requireContinuation(config, model, data.train, from);
  // A run with a checkpoint goes on from there: what it began with need not exist any more.
  const init = config.init === null || from !== undefined ? undefined : await openModel(config.init);
  if (init !== undefined) requireSameShape(model, init.config, `init ${config.init}`);
  requirePrecision(config, backend);
  // Before the first step, so that a model that cannot be sampled this way is not trained first.
  const preview = await previewer(model, backend, config, vae);

  // Nothing is written before this line: a command that cannot work leaves everything as it was.
  const earlier = command.moveAside === true ? moveAside(root, config.name) : undefined;
  if (earlier !== undefined) progress.note(`the earlier run is now ${earlier}`);
  const files = { config: configFileText(resolved), environment: environmentText() };
  const run = resume === undefined ? createRunFolder(root, config.name, files) : runFolder(resume);
  if (resume === undefined) lock(run.path);
  atomicWrite(run.config, files.config);
  atomicWrite(run.environment, files.environment);
  truncateMetrics(run.metrics, from?.notes.step ?? 0);
  const rhythm = {
    steps: config.train.steps,
    logEvery: config.log.everySteps,
    measureEvery: config.validation === 0 ? null : config.checkpoint.everySteps,
  };
  const record = recorder(run, rhythm, progress, from?.notes);
  const stop = stopSignal(() => progress.note("stopping after this call; once more quits without saving"));
  const parameters = countParams(ditSpec(model.dit));
  progress.note(
    `${run.path}: ${parameters.toLocaleString("en")} parameters, ${data.train.size.toLocaleString("en")} images, ${backend.name}`,
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
      onMetrics: record.step,
      onValidation: record.validation,
      onPreview: async (step, current) => {
        await preview.draw(run, step, current);
        writeReport(run, resolved, parameters);
      },
      onCheckpoint: (current: TrainState) => {
        const path = writeCheckpoint(run.checkpoints, ditFormat, model, current, {
          ...record.notes(current.step),
          data: data.train.fingerprint,
        });
        applyRetention(run.checkpoints, config.checkpoint);
        progress.event("checkpoint", { step: current.step, path });
      },
    });
    progress.done();
    // Again, for a run that was killed between its last checkpoint and the deletions.
    applyRetention(run.checkpoints, config.checkpoint);
    writeReport(run, resolved, parameters);
    stop.throwIfReceived(`stopped at step ${state.step}; continue with: dit train --resume ${run.path}`);
    return { run: run.path, step: state.step, loss: record.lastLoss(), report: run.report };
  } finally {
    progress.done();
    stop.dispose();
    await preview.dispose();
    await backend.dispose();
  }
}

/** Batches behind one held-out loss: enough to tell checkpoints apart, few enough not to be felt. */
const validationBatches = 8;

function requirePrecision({ train: { precision } }: TrainConfig, { name, capabilities: { dtypes } }: Backend): void {
  if (dtypes.includes(precision)) return;
  throw new ConfigError(`train.precision is ${precision}, but ${name} computes in ${dtypes.join(", ")}`);
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
    ema: t.ema,
    accumulate: t.accumulate,
    checkpoint: t.checkpoint,
    precision: t.precision,
    stepsPerCall: t.stepsPerCall,
    adamw,
    ...(t.gradientClip === null ? {} : { gradientClip: t.gradientClip }),
  };
}
