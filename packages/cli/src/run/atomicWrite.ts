import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { writeWhole } from "@dit/core/node";

/**
 * Replaces `file` by `content` so that at any moment, even after a power cut, it is either the old file or the new one, whole:
 * written under a temporary name in the same folder, flushed to the disk, renamed.
 * Synchronous, so that it can also finish inside a signal handler.
 */
export function atomicWrite(file: string, content: Uint8Array | string | Iterable<Uint8Array>): void {
  const folder = dirname(file);
  const temporary = temporaryName(file);
  try {
    writeFlushed(temporary, content);
    renameOver(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  flushFolder(folder);
}

/** A file that is written bit by bit, under a temporary name until it is whole. */
export interface UnfinishedFile {
  write(bytes: Uint8Array): void;
  /** Flushes it and puts it in its place. */
  finish(): void;
  /** Forgets it; after `finish` nothing happens. */
  discard(): void;
}

/** As `atomicWrite`, for content that is not there yet. */
export function unfinishedFile(file: string): UnfinishedFile {
  const temporary = temporaryName(file);
  const descriptor = openSync(temporary, "wx");
  let isOpen = true;
  return {
    write: (bytes) => writeWhole(descriptor, bytes),
    finish: () => {
      fsyncSync(descriptor);
      closeSync(descriptor);
      isOpen = false;
      renameOver(temporary, file);
      flushFolder(dirname(file));
    },
    discard: () => {
      if (!isOpen) return;
      closeSync(descriptor);
      isOpen = false;
      rmSync(temporary, { force: true });
    },
  };
}

/** Flushes a folder's entries: without it a rename may be forgotten in a power cut. Windows cannot, and need not. */
export function flushFolder(folder: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(folder, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(descriptor);
  } catch {
    // Some network and virtual file systems refuse to flush folders.
  } finally {
    closeSync(descriptor);
  }
}

/** A name of its own beside `path`, to be renamed to it. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`);
}

/** Removes what killed processes left in `folder` under temporary names, except where `isAlive` says the process lives. */
export function removeTemporaries(folder: string, isAlive: (pid: number) => boolean = () => false): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const owner = /^\..+\.(\d+)-[0-9a-f]{8}\.tmp$/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Writes a new file, whole or in pieces that are made as they are written, and flushes it to the disk. */
export function writeFlushed(file: string, content: Uint8Array | string | Iterable<Uint8Array>): void {
  const whole = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const descriptor = openSync(file, "wx");
  try {
    for (const bytes of whole instanceof Uint8Array ? [whole] : whole) writeWhole(descriptor, bytes);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** On Windows a virus scanner or an open TensorBoard may hold the old file for a moment. */
function renameOver(from: string, to: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      const busy = process.platform === "win32" && (code === "EPERM" || code === "EACCES" || code === "EBUSY");
      if (!busy || attempt === 9) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20 * (attempt + 1));
    }
  }
}
