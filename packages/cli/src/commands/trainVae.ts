import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Backend, ConfigError, countParams, type Dataset } from "@dit/core";
import {
  type AutoencoderKLConfig,
  klConfig,
  measureScale,
  requireTrainable,
  trainVae,
  type Vae,
  vaeSpec,
  vaeToFolder,
} from "@dit/vae";
import { type Checkpoint, writeCheckpoint } from "../checkpoints/checkpoint";
import { applyRetention } from "../checkpoints/retention";
import { vaeFormat } from "../checkpoints/weightsFormat";
import { requireSchema } from "../config/requireSchema";
import { readVaeRun, type VaeRunConfig, vaeRunConfigSchema, vaeRunText } from "../config/vaeRunConfig";
import { openDataset } from "../data/openDataset";
import { drawReconstructions } from "../drawReconstructions";
import { openBackend } from "../openBackend";
import type { Progress } from "../output/progress";
import { writeVaeReport } from "../report/writeVaeReport";
import { atomicWrite } from "../run/atomicWrite";
import { lastCheckpoint } from "../run/continued";
import { environmentText } from "../run/environment";
import { truncateMetrics } from "../run/metrics";
import { recorder } from "../run/recorder";
import { createRunFolder, moveAside, type RunFolder, runFolder } from "../run/runFolder";
import { withRunLocks } from "../run/runLock";
import { writeFolder } from "../run/writeFolder";
import { stopSignal } from "../stopSignal";

export interface TrainVaeCommand {
  /** Of a new run; a run's folder to continue, bit for bit, with its own settings. */
  readonly from: { readonly config: VaeRunConfig } | { readonly resume: string };
  /** Where runs lie. */
  readonly root: string;
  /** Renames an earlier run of the same name instead of refusing to start. */
  readonly moveAside: boolean;
  readonly progress: Progress;
}

export interface TrainVaeSummary {
  readonly run: string;
  readonly parameters: number;
  readonly step: number;
  /** Of the last step's batch, per value of an image in [-1, 1]. */
  readonly loss: number | null;
  readonly scalingFactor: number;
  readonly report: string;
}

/**
 * `dit train-vae`: trains an autoencoder, and leaves a run as `dit train` does, with the autoencoder as a folder of diffusers in
 * `vae`, so that the run can be named wherever an autoencoder is asked for. The scale of its latents is measured.
 */
export function trainVaeCommand(command: TrainVaeCommand): Promise<TrainVaeSummary> {
  return withRunLocks((lock) => trainLocked(command, lock));
}

async function trainLocked(command: TrainVaeCommand, lock: (run: string) => void): Promise<TrainVaeSummary> {
  const { from: source, root, progress } = command;
  const resume = "resume" in source ? source.resume : undefined;
  const config = "config" in source ? requireSchema(vaeRunConfigSchema, source.config) : settingsOf(source.resume);
  // Before anything of it is read: another process may be writing there.
  if (resume !== undefined) lock(resume);
  const from = resume === undefined ? undefined : lastCheckpoint(runFolder(resume), vaeFormat);
  const data = await openDataset(config.data, { imageSize: config.imageSize ?? undefined });
  if (from !== undefined) requireSameData(data, from);
  const vaeConfig = vaeConfigOf(config, data);
  requireTrainable(vaeConfig, data);
  const backend = await openBackend(config.backend);

  // Nothing is written before this line: a command that cannot work leaves everything as it was.
  const earlier = command.moveAside ? moveAside(root, config.name) : undefined;
  if (earlier !== undefined) progress.note(`the earlier run is now ${earlier}`);
  const files = { config: vaeRunText(config), environment: environmentText() };
  const run = resume === undefined ? createRunFolder(root, config.name, files) : runFolder(resume);
  if (resume === undefined) lock(run.path);
  atomicWrite(run.environment, files.environment);
  truncateMetrics(run.metrics, from?.notes.step ?? 0);
  const { train } = config;
  const rhythm = { steps: train.steps, logEvery: config.log.everySteps, measureEvery: null };
  const record = recorder(run, rhythm, progress, from?.notes);
  const stop = stopSignal(() => progress.note("stopping after this call; once more quits without saving"));
  const parameters = countParams(vaeSpec(vaeConfig));
  progress.note(
    `${run.path}: ${parameters.toLocaleString("en")} parameters, ${data.size.toLocaleString("en")} images, ${backend.name}`,
  );
  try {
    const { vae, state } = await trainVae({
      ...{ config: vaeConfig, data, backend, objective: config.objective, ...train },
      ...(from === undefined ? {} : { resume: from.state }),
      checkpointEvery: config.checkpoint.everySteps,
      previewEvery: config.sample.everySteps,
      signal: stop.signal,
      onMetrics: record.step,
      onPreview: async (step, current) => {
        await drawReconstructions(run, step, current, data, backend);
        writeVaeReport(run, config, parameters);
      },
      onCheckpoint: (current) => {
        const notes = { ...record.notes(current.step), data: data.fingerprint };
        const path = writeCheckpoint(run.checkpoints, vaeFormat, vaeConfig, current, notes);
        applyRetention(run.checkpoints, { ...config.checkpoint, keepEvery: null, best: false });
        progress.event("checkpoint", { step: current.step, path });
      },
    });
    progress.done();
    const scalingFactor = await writeScaled(run, vae, data, backend);
    writeVaeReport(run, config, parameters);
    stop.throwIfReceived(`stopped at step ${state.step}; continue with: dit train-vae --resume ${run.path}`);
    const loss = record.lastLoss();
    return { run: run.path, parameters, step: state.step, loss, scalingFactor, report: run.report };
  } finally {
    progress.done();
    stop.dispose();
    await backend.dispose();
  }
}

/** Writes what was trained into the run's folder `vae`, with the scale that its latents need, and returns that. */
async function writeScaled(
  run: RunFolder,
  { config, weights }: Vae<AutoencoderKLConfig>,
  data: Dataset,
  backend: Backend,
): Promise<number> {
  const scalingFactor = await measureScale({ config, weights }, data, backend);
  const folder = join(run.path, "vae");
  // Nothing is lost: the checkpoint, from which a resumed run makes it again, has been saved.
  rmSync(folder, { recursive: true, force: true });
  writeFolder(folder, vaeToFolder({ config: { ...config, scalingFactor }, weights }));
  return scalingFactor;
}

function settingsOf(folder: string): VaeRunConfig {
  const config = readVaeRun(folder);
  if (config === undefined)
    throw new ConfigError(`${folder} is the run of a DiT; continue it with: dit train --resume ${folder}`);
  return config;
}

function requireSameData({ name, fingerprint }: { name: string; fingerprint: string }, { notes }: Checkpoint<unknown>) {
  if (fingerprint === notes.data) return;
  throw new ConfigError(`${name} does not hold the images that this run was saved with; start a new run`);
}

function vaeConfigOf({ model }: VaeRunConfig, { imageShape: [channels, height] }: Dataset): AutoencoderKLConfig {
  const { widths, layers, latentChannels } = model;
  return klConfig({
    inChannels: channels,
    outChannels: channels,
    blockOutChannels: widths,
    layersPerBlock: layers,
    latentChannels,
    normNumGroups: groupsOf(widths),
    sampleSize: height,
    forceUpcast: false,
  });
}

/** The largest number of groups, at most PyTorch's 32, that splits every width into groups of at least 4 channels. */
function groupsOf(widths: readonly number[]): number {
  for (let groups = 32; groups > 1; groups--) {
    if (widths.every((width) => width % groups === 0 && width / groups >= 4)) return groups;
  }
  return 1;
}
