import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { ConfigError } from "@dit/core";
import { isOtherProcess } from "@dit/core/node";
import { flushFolder, removeTemporaries, temporaryName, writeFlushed } from "./atomicWrite";
import { lockRun } from "./runLock";

/** Where the parts of a run lie. */
export interface RunFolder {
  readonly path: string;
  readonly config: string;
  readonly environment: string;
  readonly metrics: string;
  readonly report: string;
  readonly samples: string;
  readonly checkpoints: string;
  readonly tensorboard: string;
}

/** The layout of a run in the folder `path`, whether or not it exists. */
export function runFolder(path: string): RunFolder {
  return {
    path,
    config: join(path, "config.json"),
    environment: join(path, "env.json"),
    metrics: join(path, "metrics.jsonl"),
    report: join(path, "report.html"),
    samples: join(path, "samples"),
    checkpoints: join(path, "checkpoints"),
    tensorboard: join(path, "tensorboard"),
  };
}

/** What a run is made with: a run without its settings could be neither continued nor told from other folders. */
export type FirstFiles = Readonly<Record<"config" | "environment", string>>;

/**
 * Makes the folder of a new run, `<root>/<name>`, with its first files and the folders inside it. It is made under a
 * temporary name and renamed, so that a kill leaves either no run or a whole one. Never touches an existing one.
 * @throws ConfigError when the name is taken, or cannot be a folder's name on Linux, macOS and Windows alike.
 */
export function createRunFolder(root: string, name: string, files: FirstFiles): RunFolder {
  checkName(name);
  const run = runFolder(join(root, name));
  if (existsSync(run.path)) throw taken(run);
  mkdirSync(root, { recursive: true });
  removeTemporaries(root, isOtherProcess);
  const made = runFolder(temporaryName(run.path));
  mkdirSync(made.path);
  for (const folder of [made.samples, made.checkpoints, made.tensorboard]) mkdirSync(folder);
  writeFlushed(made.config, files.config);
  writeFlushed(made.environment, files.environment);
  try {
    renameSync(made.path, run.path);
  } catch (cause) {
    rmSync(made.path, { recursive: true });
    // Of two runs started at once one comes here.
    throw existsSync(run.path) ? taken(run, { cause }) : cause;
  }
  flushFolder(root);
  return run;
}

function taken({ path }: RunFolder, options?: ErrorOptions): ConfigError {
  return new ConfigError(
    `${path} exists already and is never overwritten; continue it with --resume ${path}, or start another run with --name ${basename(freeName(path))}`,
    options,
  );
}

/**
 * Renames `<root>/<name>`, if it exists, to the first free one of `<name>-2`, `<name>-3`, ... and returns the new path.
 * For commands such as the quickstart that always want the same name and must not destroy an earlier result.
 * @throws ConfigError when another process trains it, or the name is none that a run can have
 */
export function moveAside(root: string, name: string): string | undefined {
  checkName(name);
  const folder = join(root, name);
  if (!existsSync(folder)) return undefined;
  const target = freeName(folder);
  const unlock = lockRun(folder);
  try {
    renameSync(folder, target);
  } catch (error) {
    unlock();
    throw error;
  }
  // The lock has moved along.
  unlock(target);
  return target;
}

/** `path` if nothing is there, else the first free one of `<path>-2`, `<path>-3`, ..., before a file's extension. */
export function freeName(path: string): string {
  const extension = /\.(png|npz)$/.exec(path)?.[0] ?? "";
  const stem = path.slice(0, path.length - extension.length);
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? path : `${stem}-${n}${extension}`;
    if (!existsSync(candidate)) return candidate;
  }
}

/** What every file system takes, and every shell leaves alone between double quotes. */
function checkName(name: string): void {
  const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i.test(name);
  if (reserved || !/^[\p{L}\p{N}_][\p{L}\p{N}\p{M}_ .,+=()-]{0,99}$/u.test(name) || /[ .]$/.test(name)) {
    throw new ConfigError(
      `name is "${name}", allowed: at most 100 letters, digits, spaces and . , _ - + = ( ), beginning with a letter or digit`,
    );
  }
}
