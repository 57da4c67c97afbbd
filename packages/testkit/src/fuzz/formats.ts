import { readFileSync } from "node:fs";
import { diffusionDefaults, ditConfig, ditSpec, initialize, modelToSafetensors } from "@dit/core";
import { bytesSource, modelFromFolder, modelFromTensors, openTensors, toFloat64 } from "@dit/core/internal";
import { bytesSource as npzSource, openNpy, openNpz } from "@dit/eval-fid";
import { openShards } from "../../../core/src/host/safetensorsShards";

/** A file that is as it should be, and what reads it to its last byte. */
export interface Format {
  readonly good: () => Uint8Array;
  readonly read: (bytes: Uint8Array) => void | Promise<void>;
}

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));

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
  "configuration of diffusers": { good: () => fixture("diffusers-dit-tiny/config.json"), read: readConfig },
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

let weights: Uint8Array | undefined;

function readConfig(bytes: Uint8Array): void {
  weights ??= fixture("diffusers-dit-tiny/diffusion_pytorch_model.safetensors");
  const opened = openTensors(bytesSource(weights));
  modelFromFolder({
    has: (name) => name === "config.json" || name === "diffusion_pytorch_model.safetensors",
    text: () => text(bytes),
    tensors: () => opened,
  });
}

function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
