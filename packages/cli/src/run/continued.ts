import { existsSync } from "node:fs";
import { ConfigError } from "@dit/core";
import { type Checkpoint, listCheckpoints, readCheckpoint, removeUnfinished } from "../checkpoints/checkpoint";
import type { WeightsFormat } from "../checkpoints/weightsFormat";
import { removeTemporaries } from "./atomicWrite";
import { type RunFolder, runFolder } from "./runFolder";

/** The `config.json` of a run. @throws ConfigError when there is none */
export function configOf(folder: string): string {
  const { config } = runFolder(folder);
  if (!existsSync(config)) throw new ConfigError(`${folder} is no run: it has no config.json`);
  return config;
}

/** The newest checkpoint, after clearing away what a killed process left half-done. */
export function lastCheckpoint<C>(run: RunFolder, format: WeightsFormat<C>): Checkpoint<C> | undefined {
  removeUnfinished(run.checkpoints);
  for (const folder of [run.path, run.samples]) removeTemporaries(folder);
  const newest = listCheckpoints(run.checkpoints).at(-1);
  return newest === undefined ? undefined : readCheckpoint(newest.path, format);
}
