import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  FormatError,
  type HostTensor,
  type LossScale,
  type ModelConfig,
  readSafetensors,
  type TrainState,
  toHostTensor,
  type Weights,
  writeSafetensors,
} from "@dit/core";
import { prefixed, unprefixed } from "@dit/core/internal";
import { flushFolder, writeFlushed } from "../run/atomicWrite";
import type { MeterState } from "../run/meter";
import type { WeightsFormat } from "./weightsFormat";

/** Version of `state.json`. Raised when a reader of the older one would go wrong. */
const formatVersion = 1;

/** What a checkpoint holds beside the tensors. */
export interface CheckpointNotes {
  readonly step: number;
  /** Seconds of training so far, over all starts of the run. */
  readonly seconds: number;
  /** Held-out loss at this step, where it was measured; null where it was no number, which JSON has no other word for. */
  readonly validationLoss?: number | null;
  /** The running means behind the next line of `metrics.jsonl`. */
  readonly meter: MeterState;
  /** Fingerprint of the training images. */
  readonly data: string;
  /** Of a run in f16: numbers that the step carries beside the tensors. */
  readonly lossScale?: LossScale;
}

/** A checkpoint on disk. */
export interface CheckpointEntry extends CheckpointNotes {
  readonly path: string;
}

/** The names of a checkpoint's files. */
export const checkpointFiles = {
  model: "model.safetensors",
  ema: "ema.safetensors",
  optimizer: "optimizer.safetensors",
  state: "state.json",
} as const;

/**
 * Writes `<folder>/step-000500`. Everything goes to a folder of another name first, is flushed, and is renamed last: a
 * process killed at any moment leaves a whole checkpoint or none.
 */
export function writeCheckpoint<C>(
  folder: string,
  { write }: WeightsFormat<C>,
  config: C,
  state: TrainState,
  notes: Omit<CheckpointNotes, "lossScale">,
): string {
  const name = `step-${String(state.step).padStart(6, "0")}`;
  const temporary = join(folder, `${temporaryPrefix}${name}`);
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  const files: [string, Uint8Array | string | Iterable<Uint8Array>][] = [
    [checkpointFiles.model, write({ config, weights: state.params })],
    [checkpointFiles.ema, write({ config, weights: state.ema })],
    [checkpointFiles.optimizer, writeSafetensors({ ...prefixed("m", state.m), ...prefixed("v", state.v) })],
    [checkpointFiles.state, `${JSON.stringify({ formatVersion, ...notes, lossScale: state.lossScale }, null, 2)}\n`],
  ];
  for (const [file, content] of files) writeFlushed(join(temporary, file), content);
  flushFolder(temporary);
  const path = join(folder, name);
  renameSync(temporary, path);
  flushFolder(folder);
  return path;
}

const temporaryPrefix = ".unfinished-";

/** Everything that training needs to go on. */
export interface Checkpoint<C = ModelConfig> {
  readonly config: C;
  readonly state: TrainState;
  readonly notes: CheckpointNotes;
}

/** @throws FormatError naming the file that is damaged */
export function readCheckpoint<C>(path: string, format: WeightsFormat<C>): Checkpoint<C> {
  const notes = readNotes(path);
  const { config, weights: params } = read(path, checkpointFiles.model, format.read);
  const { weights: ema } = read(path, checkpointFiles.ema, format.read);
  const optimizer = read(path, checkpointFiles.optimizer, (bytes) =>
    Object.fromEntries(readSafetensors(bytes).tensors),
  );
  const moments = (part: string): Weights =>
    Object.fromEntries(
      Object.entries(unprefixed(part, optimizer)).map(([name, tensor]) => [
        name,
        toHostTensor(tensor) as HostTensor<"f32">,
      ]),
    );
  const { step, lossScale } = notes;
  const state = { step, params, ema, m: moments("m"), v: moments("v") };
  return { config, notes, state: lossScale === undefined ? state : { ...state, lossScale } };
}

/** The checkpoints in a folder, oldest first. Half-written ones are not among them. */
export function listCheckpoints(folder: string): CheckpointEntry[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^step-\d+$/.test(name))
    .map((name) => ({ path: join(folder, name), ...readNotes(join(folder, name)) }))
    .sort((a, b) => a.step - b.step);
}

/** Removes a checkpoint. It is renamed first, so that a process killed half-way leaves none that lacks files. */
export function removeCheckpoint({ path }: CheckpointEntry): void {
  const doomed = join(dirname(path), `${temporaryPrefix}${basename(path)}`);
  renameSync(path, doomed);
  rmSync(doomed, { recursive: true, force: true });
}

/** Removes what a killed process left half-written or half-removed. */
export function removeUnfinished(folder: string): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (name.startsWith(temporaryPrefix)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function readNotes(path: string): CheckpointNotes {
  const notes = read(path, checkpointFiles.state, (bytes) =>
    JSON.parse(new TextDecoder().decode(bytes)),
  ) as CheckpointNotes & {
    formatVersion: number;
  };
  if (notes.formatVersion !== formatVersion) {
    throw new FormatError(
      `${basename(path)} has format version ${notes.formatVersion}, this program reads ${formatVersion}`,
    );
  }
  return notes;
}

function read<T>(folder: string, file: string, parse: (bytes: Uint8Array) => T): T {
  const path = join(folder, file);
  try {
    return parse(new Uint8Array(readFileSync(path)));
  } catch (cause) {
    throw new FormatError(`${path}: ${(cause as Error).message}`, { cause });
  }
}
