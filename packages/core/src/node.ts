// The entry that touches files, for Node.
import { readFile } from "node:fs/promises";
import type { Model, ModelConfig } from "./define/model";
import { modelFromSafetensors } from "./define/modelFile";
import { FormatError } from "./ir/errors";

/**
 * Loads a model from a safetensors file.
 * @param source a path, or the file's bytes
 * @param config the model's configuration, for files that do not carry one
 * @throws FormatError naming the file and what is wrong with it
 */
export async function loadModel(source: string | Uint8Array, config?: ModelConfig): Promise<Model> {
  if (typeof source !== "string") return modelFromSafetensors(source, config);
  try {
    return modelFromSafetensors(new Uint8Array(await readFile(source)), config);
  } catch (cause) {
    throw new FormatError(`${source}: ${(cause as Error).message}`, { cause });
  }
}
