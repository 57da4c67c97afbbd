// The entry that touches files, for Node.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Model, ModelConfig } from "./define/model";
import { modelFromSafetensors } from "./define/modelFile";
import { type SafetensorsFile, safetensorsFile } from "./host/safetensors";
import { parseSafetensorsHeader, safetensorsHeaderSize } from "./host/safetensorsHeader";
import { FormatError } from "./ir/errors";

/**
 * Loads a model from a safetensors file. Of a file on the disk only the header is read now; each weight is read when it
 * is used, so that a large model is in memory once, with whatever runs it.
 * @param source a path, or the file's bytes
 * @param config the model's configuration, for files that do not carry one
 * @throws FormatError naming the file and what is wrong with it
 */
export async function loadModel(source: string | Uint8Array, config?: ModelConfig): Promise<Model> {
  if (typeof source !== "string") return modelFromSafetensors(source, config);
  return naming(source, () => modelFromSafetensors(openSafetensors(source), config));
}

/**
 * Opens a safetensors file by its header alone; a tensor is read when its bytes are asked for. The file is not held open.
 * @throws FormatError naming the file and what is wrong with it; later too, if it changes while it is read
 */
export function openSafetensors(path: string): SafetensorsFile {
  return naming(path, () => {
    const { bytes: start, size, changed } = readRange(path, 0, 8);
    const { bytes } = readRange(path, 0, safetensorsHeaderSize(start, size));
    return safetensorsFile(parseSafetensorsHeader(bytes, size), (offset, length) => {
      return naming(path, () => {
        const part = readRange(path, offset, length);
        if (part.bytes.length === length && part.size === size && part.changed === changed) return part.bytes;
        throw new FormatError("the file was changed while it was being read");
      });
    });
  });
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

function naming<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const { message } = cause as Error;
    throw new FormatError(message.startsWith(`${path}: `) ? message : `${path}: ${message}`, { cause });
  }
}
