// The entry that touches files, for browsers.
import type { Model, ModelConfig } from "./define/model";
import { modelFromSafetensors } from "./define/modelFile";
import { FormatError } from "./ir/errors";

/**
 * Loads a model from a safetensors file.
 * @param source an address, a file that the user chose, or bytes
 * @param config the model's configuration, for files that do not carry one
 * @throws FormatError naming what is wrong with the file
 */
export async function loadModel(source: string | URL | Blob | Uint8Array, config?: ModelConfig): Promise<Model> {
  return modelFromSafetensors(await bytesOf(source), config);
}

async function bytesOf(source: string | URL | Blob | Uint8Array): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  const response = await fetch(source);
  if (!response.ok) throw new FormatError(`${source} answered ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
