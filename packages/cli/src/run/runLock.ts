import { randomBytes } from "node:crypto";
import { constants, copyFileSync, linkSync, readFileSync, renameSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@dit/core";
import { isOtherProcess } from "@dit/core/node";
import { writeFlushed } from "./atomicWrite";

interface Holder {
  readonly pid: number;
  readonly host: string;
}

const lockName = ".lock";

/**
 * Takes a run for this process, so that two that continue the same one do not write over each other. A process that was
 * killed leaves its lock behind; one of this computer that is gone is passed over.
 * @returns what gives the run back, from where it lies by then
 * @throws ConfigError when another process holds it
 */
export function lockRun(path: string): (now?: string) => void {
  const file = join(path, lockName);
  const mine: Holder = { pid: process.pid, host: hostname() };
  // Written whole before it is in place: an empty lock would be taken for that of a process that was killed.
  const written = nameBeside(file);
  try {
    writeFlushed(written, JSON.stringify(mine));
    while (!isPlaced(written, file)) {
      const holder = readHolder(file);
      if (isHeld(holder)) {
        throw new ConfigError(
          `${path} is being trained by process ${holder.pid} on ${holder.host}; wait for it or stop it (if there is no such process, delete ${file})`,
        );
      }
      removeStale(file);
    }
  } finally {
    rmSync(written, { force: true });
  }
  return (now = path) => rmSync(join(now, lockName), { force: true });
}

/** Does what takes runs for this process, and gives them back in the end. */
export async function withRunLocks<T>(work: (lock: (run: string) => void) => Promise<T>): Promise<T> {
  const locks: (() => void)[] = [];
  try {
    return await work((run) => locks.push(lockRun(run)));
  } finally {
    for (const unlock of locks) unlock();
  }
}

/** Gives a file a second name, unless that is taken: of two processes one gets it. */
function isPlaced(written: string, file: string): boolean {
  try {
    linkOrCopy(written, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Some network and virtual file systems have no links. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}

/** Another process may have been quicker, and this be its lock by now: only under a name of its own it stays what it is. */
function removeStale(file: string): void {
  const moved = nameBeside(file);
  try {
    renameSync(file, moved);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if (isHeld(readHolder(moved))) isPlaced(moved, file);
  rmSync(moved, { force: true });
}

function isHeld(holder: Holder | undefined): holder is Holder {
  return holder !== undefined && (holder.host !== hostname() || isOtherProcess(holder.pid));
}

/** Undefined when the file is gone again, or damaged. */
function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

/** None of a temporary file: whoever continues a run clears these away, and this may be another process's that is about to ask. */
function nameBeside(file: string): string {
  return `${file}.${process.pid}-${randomBytes(4).toString("hex")}`;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
