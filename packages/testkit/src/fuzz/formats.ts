import { existsSync, readFileSync } from "node:fs";
import { diffusionDefaults, ditConfig, ditSpec, initialize, modelToSafetensors } from "@dit/core";
import {
  bytesSource,
  type ModelFolder,
  modelFromFolder,
  modelFromTensors,
  openTensors,
  toFloat64,
} from "@dit/core/internal";
import { bytesSource as npzSource, openNpy, openNpz } from "@dit/eval-fid";
import { vaeFromFolder } from "@dit/vae";
import { openShards } from "../../../core/src/host/safetensorsShards";

/** A file that is as it should be, and what reads it to its last byte. */
export interface Format {
  readonly good: () => Uint8Array;
  readonly read: (bytes: Uint8Array) => void | Promise<void>;
}

const pathOf = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url);
const fixture = (name: string) => new Uint8Array(readFileSync(pathOf(name)));

const tiny = ditConfig(undefined, { ...{ inputSize: [4, 4], hiddenSize: 8, depth: 1, heads: 2, numClasses: 3 } });
const model = () =>
  modelToSafetensors({ config: { dit: tiny, diffusion: diffusionDefaults }, weights: initialize(ditSpec(tiny), 0) });

/** Every file format that this project reads models and arrays from. */
export const formats: Readonly<Record<string, Format>> = {
  safetensors: { good: model, read: readModel },
  "PyTorch, zip": { good: () => fixture("official-checkpoint/plain-fp16.pt"), read: readModel },
  "PyTorch, zip, views": { good: () => fixture("official-checkpoint/views.pt"), read: readTensors },
  "PyTorch, legacy": { good: () => fixture("official-checkpoint/plain-legacy.pt"), read: readModel },
  "index of shards": {
    good: () => json({ weight_map: { pos_embed: "model-00001-of-00001.safetensors" } }),
    read: (bytes) => void openShards(text(bytes), () => openTensors(bytesSource(model()))),
  },
  "configuration of a transformer": inFolder("diffusers-dit-tiny", "config.json", modelFromFolder),
  "configuration of a scheduler": inFolder(
    "diffusers-pipeline-tiny",
    "scheduler/scheduler_config.json",
    modelFromFolder,
  ),
  "index of a pipeline": inFolder("diffusers-pipeline-tiny", "model_index.json", modelFromFolder),
  "configuration of an autoencoder": inFolder("diffusers-pipeline-tiny", "vae/config.json", vaeFromFolder),
  "configuration of a tiny autoencoder": inFolder("autoencoder-tiny", "config.json", vaeFromFolder),
  npy: {
    good: () => fixture("eval/npz/plain.npy"),
    read: async (bytes) => void (await openNpy(npzSource(bytes)).read()),
  },
  "npz, deflated": { good: () => fixture("eval/npz/samples_deflated.npz"), read: readArrays },
  "npz, zip64": { good: () => fixture("eval/npz/zip64_headers.npz"), read: readArrays },
};

function readTensors(bytes: Uint8Array): void {
  for (const tensor of openTensors(bytesSource(bytes)).tensors.values()) toFloat64(tensor);
}

async function readArrays(bytes: Uint8Array): Promise<void> {
  for (const array of (await openNpz(npzSource(bytes))).values()) await array.read();
}

function readModel(bytes: Uint8Array): void {
  const { weights } = modelFromTensors(openTensors(bytesSource(bytes)), { dit: { heads: 2 } });
  for (const weight of Object.values(weights)) weight.data;
}

/** One file of a folder of diffusers, beside which the others are as they should be. */
function inFolder(folder: string, file: string, read: (folder: ModelFolder) => unknown): Format {
  const files = new Map<string, Uint8Array>();
  const open = (name: string) => {
    if (!files.has(name)) files.set(name, fixture(`${folder}/${name}`));
    return files.get(name)!;
  };
  return {
    good: () => fixture(`${folder}/${file}`),
    read: (bytes) => {
      read({
        has: (name) => existsSync(pathOf(`${folder}/${name}`)),
        text: (name) => text(name === file ? bytes : open(name)),
        tensors: (name) => openTensors(bytesSource(open(name))),
      });
    },
  };
}

function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
