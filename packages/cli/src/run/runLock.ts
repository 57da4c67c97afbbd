import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@dit/core";
import { isOtherProcess } from "@dit/core/node";

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/**
 * Takes a run for this process, so that two that continue the same one do not write over each other. A process that was
 * killed leaves its lock behind; one of this computer that is gone is passed over.
 * @returns what gives the run back
 * @throws ConfigError when another process holds it
 */
export function lockRun(path: string): () => void {
  const file = join(path, ".lock");
  const mine: Holder = { pid: process.pid, host: hostname() };
  for (;;) {
    try {
      // "wx" makes the file or fails, in one call: of two processes one gets it.
      const descriptor = openSync(file, "wx");
      writeSync(descriptor, JSON.stringify(mine));
      closeSync(descriptor);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = readHolder(file);
    if (holder !== undefined && (holder.host !== mine.host || isOtherProcess(holder.pid))) {
      throw new ConfigError(
        `${path} is being trained by process ${holder.pid} on ${holder.host}; wait for it or stop it (if there is no such process, delete ${file})`,
      );
    }
    rmSync(file, { force: true });
  }
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

/** Undefined when the file is gone again, or was being written when its process was killed. */
function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}
