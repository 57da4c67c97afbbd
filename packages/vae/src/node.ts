// What touches files, for Node.
import { statSync } from "node:fs";
import { bytesSource, openTensors } from "@dit/core/internal";
import { folderAt, naming, openTensorFile } from "@dit/core/node";
import { type LoadVaeOptions, vaeFromTensors } from "./checkpoint/vaeFile";
import { vaeFromFolder, vaeWeightsIn } from "./checkpoint/vaeFolder";
import type { Vae } from "./vae";

/**
 * Loads an autoencoder: from a folder of diffusers (its own, or a pipeline with one in `vae`), from a safetensors file, or
 * from a `.pt` of diffusers or CompVis. Each weight is read when it is used.
 * @param source a path, or a file's bytes
 * @throws FormatError naming the file and what is wrong with it
 */
export async function loadVae(source: string | Uint8Array, options: LoadVaeOptions = {}): Promise<Vae> {
  if (typeof source !== "string") return vaeFromTensors(openTensors(bytesSource(source)), options);
  return naming(source, () =>
    isFolder(source) ? vaeFromFolder(folderAt(source), options) : vaeFromTensors(openTensorFile(source), options),
  );
}

/** Whether a folder is an autoencoder of diffusers, or a pipeline with one. */
export function hasVae(path: string): boolean {
  return isFolder(path) && vaeWeightsIn(folderAt(path)) !== undefined;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
