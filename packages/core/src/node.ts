// The entry that touches files and processes, for Node.
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ModelFolder, modelFromFolder, weightsIn } from "./define/checkpoint/modelFolder";
import type { Model } from "./define/model";
import { type LoadOptions, modelFromTensors } from "./define/modelFile";
import { type ByteSource, bytesSource, requireRange } from "./host/byteSource";
import { openTensors } from "./host/openTensors";
import { openShards, shardIndexSuffix } from "./host/safetensorsShards";
import type { TensorFile } from "./host/tensorFile";
import { FormatError } from "./ir/errors";

/**
 * Loads a model: from a safetensors file of this library, of the official code or of diffusers, from a PyTorch `.pt` (a
 * state dict or a training checkpoint), or from a folder of diffusers. Of a file on the disk only the directory is read
 * now; each weight is read when it is used, so that a large model is in memory once, with whatever runs it.
 * @param source a path, or the file's bytes
 * @throws FormatError naming the file and what is wrong with it
 */
export async function loadModel(source: string | Uint8Array, options: LoadOptions = {}): Promise<Model> {
  if (typeof source !== "string") return modelFromTensors(openTensors(bytesSource(source)), options);
  if (weightsInFolder(source) !== undefined) return naming(source, () => modelFromFolder(folderAt(source), options));
  return naming(source, () => modelFromTensors(openTensorFile(source), options));
}

/** The file of weights, or the index of several, in a folder that `loadModel` takes; undefined for anything else. */
export function weightsInFolder(path: string): string | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  const name = weightsIn(folderAt(path));
  return name === undefined ? undefined : join(path, name);
}

/**
 * Opens a file of tensors by its directory alone: safetensors, the index of several of them, or PyTorch's `.pt`. A tensor
 * is read when its bytes are asked for. The file is not held open.
 * @throws FormatError naming the file and what is wrong with it; later too, if it changes while it is read
 */
export function openTensorFile(path: string): TensorFile {
  return naming(path, () => {
    if (path.endsWith(shardIndexSuffix)) {
      return openShards(readFileSync(path, "utf8"), (name) => openTensorFile(join(dirname(path), name)));
    }
    return openTensors(fileSource(path));
  });
}

/** A folder of the disk. */
export function folderAt(path: string): ModelFolder {
  return {
    has: (name) => existsSync(join(path, name)),
    text: (name) => readFileSync(join(path, name), "utf8"),
    tensors: (name) => openTensorFile(join(path, name)),
  };
}

function fileSource(path: string): ByteSource {
  const { size, mtimeMs } = statSync(path);
  return {
    size,
    read: (offset, length) => {
      return naming(path, () => {
        requireRange(size, offset, length);
        const part = readRange(path, offset, length);
        if (part.bytes.length === length && part.size === size && part.changed === mtimeMs) return part.bytes;
        throw new FormatError("the file was changed while it was being read");
      });
    },
  };
}

/** Bytes of a file from `offset`, fewer where it ends; its size and when it was changed last. */
function readRange(path: string, offset: number, length: number) {
  const handle = openSync(path, "r");
  try {
    const { size, mtimeMs: changed } = fstatSync(handle);
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    // One call may read less than asked for, and never more than 2 GB.
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(handle, bytes, at, Math.min(bytes.length - at, 2 ** 30), offset + at);
      if (count === 0) break;
      at += count;
    }
    return { bytes, size, changed };
  } finally {
    closeSync(handle);
  }
}

/** Writes all of `bytes` where the open file `handle` stands: one call may write less, and never more than 2 GB. */
export function writeWhole(handle: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at, Math.min(bytes.length - at, 2 ** 30));
}

/** Whether another process with this number runs on this computer. */
export function isOtherProcess(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process that may not be signalled is there all the same.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Names the file in what its reading throws. */
export function naming<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const { message } = cause as Error;
    throw new FormatError(message.startsWith(path) ? message : `${path}: ${message}`, { cause });
  }
}
