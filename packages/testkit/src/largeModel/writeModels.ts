import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { DiTConfig } from "@dit/core";
import { klConfig, vaeSpec, vaeToFolder } from "@dit/vae";
import { type Pickled, pickledTensor, type Storages } from "../../../core/src/host/torch/torchBytes";
import { formulaParameters, formulaWeights } from "../formula";

/** How a container of PyTorch is written, piece by piece. */
type Container = (value: Pickled, storages: Storages) => Iterable<Uint8Array>;

/** Writes a DiT with formula weights as the official code saves one: a state dict in PyTorch's container. */
export function writeOfficialCheckpoint(path: string, config: DiTConfig, container: Container): void {
  const weights = Object.entries(formulaWeights(config));
  const state = new Map(weights.map(([name, { shape }]) => [name, pickledTensor(name, shape)]));
  const storages = weights.map(([name, tensor]) => [name, () => tensor.data as Float32Array] as const);
  writePieces(path, container(state, storages));
}

/** Writes the autoencoder of Stable Diffusion with formula weights, as a folder of diffusers. */
export function writeStableDiffusionVae(folder: string): void {
  const config = klConfig();
  const weights = formulaParameters(vaeSpec(config));
  mkdirSync(folder);
  for (const [name, pieces] of Object.entries(vaeToFolder({ config, weights })))
    writePieces(join(folder, name), pieces);
}

function writePieces(path: string, pieces: Iterable<Uint8Array>): void {
  const file = openSync(path, "wx");
  for (const piece of pieces) writeSync(file, piece);
  closeSync(file);
}
