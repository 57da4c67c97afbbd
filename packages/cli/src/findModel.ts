import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, type Model } from "@dit/core";
import { loadModel, weightsInFolder } from "@dit/core/node";
import { checkpointFiles, listCheckpoints } from "./checkpoints/checkpoint";
import { runFolder } from "./run/runFolder";

/**
 * What `path` means for `loadModel`: a file itself, a folder of diffusers, a checkpoint's averaged weights, or those of a
 * run's newest checkpoint.
 * @throws ConfigError when there is none
 */
export function findModel(path: string): string {
  if (!existsSync(path)) throw new ConfigError(`there is no model at ${path}`);
  if (statSync(path).isFile() || weightsInFolder(path) !== undefined) return path;
  if (existsSync(join(path, checkpointFiles.ema))) return join(path, checkpointFiles.ema);
  const newest = listCheckpoints(runFolder(path).checkpoints).at(-1);
  if (newest === undefined) {
    const hint = existsSync(runFolder(path).config)
      ? "the run has not saved one yet"
      : "give a run, a checkpoint, a .safetensors or .pt file, or a folder of diffusers";
    throw new ConfigError(`${path} holds no checkpoint; ${hint}`);
  }
  return join(newest.path, checkpointFiles.ema);
}

/** Loads what `findModel` finds. */
export function openModel(path: string): Promise<Model> {
  return loadModel(findModel(path));
}
