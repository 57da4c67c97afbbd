// The entry that touches files, for browsers.
import type { Model } from "./define/model";
import { type LoadOptions, modelFromTensors } from "./define/modelFile";
import { bytesSource } from "./host/byteSource";
import { openTensors } from "./host/openTensors";
import { FormatError } from "./ir/errors";

/**
 * Loads a model from a safetensors file of this library, of the official code or of diffusers, or from a PyTorch `.pt`.
 * @param source an address, a file that the user chose, or bytes
 * @throws FormatError naming what is wrong with the file
 */
export async function loadModel(source: string | URL | Blob | Uint8Array, options: LoadOptions = {}): Promise<Model> {
  return modelFromTensors(openTensors(bytesSource(await bytesOf(source))), options);
}

async function bytesOf(source: string | URL | Blob | Uint8Array): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  const response = await fetch(source);
  if (!response.ok) throw new FormatError(`${source} answered ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
