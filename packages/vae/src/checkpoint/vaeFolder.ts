import { FormatError, messageOf, safetensorsPieces } from "@dit/core";
import { type ModelFolder, type StoredFloat, storedWeights, weightsIn } from "@dit/core/internal";
import { fromDiffusersConfig, toDiffusersConfig } from "../config/diffusersConfig";
import type { DiffusersConfig } from "../config/diffusersFields";
import type { Vae } from "../vae";
import { type LoadVaeOptions, vaeFromTensors } from "./vaeFile";

/** Where in a folder an autoencoder may lie: it is one, or a pipeline with one. */
const places = ["", "vae/"];

/** The weights of the autoencoder in a folder of diffusers; undefined when there is none. */
export function vaeWeightsIn(folder: ModelFolder): string | undefined {
  const weights = weightsIn(folder, places);
  if (weights === undefined) return undefined;
  const { _class_name: name } = configOf(folder, weights);
  return name === undefined || /^Autoencoder/.test(String(name)) ? weights : undefined;
}

/**
 * An autoencoder from a folder of diffusers: its own, or a pipeline's.
 * @throws FormatError naming the file that is missing or damaged
 */
export function vaeFromFolder(folder: ModelFolder, options: LoadVaeOptions = {}): Vae {
  const weights = vaeWeightsIn(folder);
  if (weights === undefined) throw new FormatError("there is no autoencoder in this folder, nor in its folder vae");
  const config = options.config ?? fromDiffusersConfig(configOf(folder, weights));
  return vaeFromTensors(folder.tensors(weights), { ...options, config });
}

/** A folder for diffusers, as its files in pieces. */
export function vaeToFolder(
  { config, weights }: Vae,
  dtype: StoredFloat = "F32",
): Readonly<Record<string, Iterable<Uint8Array>>> {
  const text = `${JSON.stringify(toDiffusersConfig(config), null, 2)}\n`;
  return {
    "diffusion_pytorch_model.safetensors": safetensorsPieces(storedWeights(weights, dtype), { format: "pt" }),
    "config.json": [new TextEncoder().encode(text)],
  };
}

function configOf(folder: ModelFolder, weights: string): DiffusersConfig {
  const name = `${weights.slice(0, weights.lastIndexOf("/") + 1)}config.json`;
  try {
    return JSON.parse(folder.text(name)) as DiffusersConfig;
  } catch (cause) {
    throw new FormatError(`${name}: ${messageOf(cause)}`, { cause });
  }
}
