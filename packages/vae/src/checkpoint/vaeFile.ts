import { FormatError, messageOf, type Shape, safetensorsPieces } from "@dit/core";
import {
  lookalike,
  paramsOf,
  type StoredFloat,
  sameShape,
  selectWeights,
  storedWeights,
  type TensorFile,
  toLazyFloat32,
} from "@dit/core/internal";
import { fromDiffusersConfig, toDiffusersConfig } from "../config/diffusersConfig";
import type { DiffusersConfig } from "../config/diffusersFields";
import { firstStageOf, underDiffusersNames } from "../names/vaeNames";
import { type Vae, type VaeConfig, vaeSpec } from "../vae";
import { guessVaeConfig, type VaeOptions } from "./guessConfig";

/** Where the configuration, in diffusers' entries, lies in a file's metadata. */
const configKey = "dit.vae";

/** How a file's weights become an autoencoder. */
export interface LoadVaeOptions extends VaeOptions {
  /** All of it, for weights that it cannot be guessed from. */
  readonly config?: VaeConfig;
}

/**
 * An autoencoder from what `vaePieces` wrote, or from weights of diffusers (names of today or of 2022) or of CompVis (also
 * inside a whole Stable Diffusion model). Weights stay in the file: each is taken from it when its values are asked for.
 * @throws FormatError when the tensors are not those of an autoencoder or of the configuration, saying what they look like
 */
export function vaeFromTensors(file: TensorFile, { config: given, ...options }: LoadVaeOptions = {}): Vae {
  const tensors = underDiffusersNames(firstStageOf(file.tensors) ?? selectWeights(file));
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  if (!shapes.has("decoder.conv_in.weight") && !shapes.has("decoder.layers.0.weight")) {
    const seen = lookalike(new Map([...file.tensors].map(([name, { shape }]) => [name, shape])));
    throw new FormatError(
      `these are not the weights of an autoencoder${seen === undefined ? "" : `; they look like ${seen}`}`,
    );
  }
  const config = given ?? configIn(file.metadata[configKey]) ?? guessVaeConfig(shapes, options);
  requireParams(config, shapes);
  const weights = Object.fromEntries([...tensors].map(([name, tensor]) => [name, toLazyFloat32(tensor)]));
  return { config, weights };
}

/** An autoencoder as a safetensors file with diffusers' names, in pieces to be written one after the other. */
export function vaePieces({ config, weights }: Vae, dtype: StoredFloat = "F32"): Generator<Uint8Array, void> {
  const text = JSON.stringify(toDiffusersConfig(config));
  return safetensorsPieces(storedWeights(weights, dtype), { format: "pt", [configKey]: text });
}

function configIn(text: string | undefined): VaeConfig | undefined {
  if (text === undefined) return undefined;
  try {
    return fromDiffusersConfig(JSON.parse(text) as DiffusersConfig);
  } catch (cause) {
    throw new FormatError(`${configKey} in the file's metadata cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** @throws FormatError naming the first parameter that is missing, of another shape, or unknown */
function requireParams(config: VaeConfig, shapes: ReadonlyMap<string, Shape>): void {
  // Before they are listed: a few bytes of a configuration can ask for a billion of them.
  const blocks = blocksOf(config);
  if (blocks > shapes.size)
    throw new FormatError(`the configuration has ${blocks} residual blocks, the file ${shapes.size} tensors`);
  const params = paramsOf(vaeSpec(config));
  for (const [name, { shape }] of Object.entries(params)) {
    const actual = shapes.get(name);
    if (actual === undefined) throw new FormatError(`parameter ${name} is missing`);
    if (!sameShape(actual, shape))
      throw new FormatError(`parameter ${name} has shape [${actual}], the configuration says [${shape}]`);
  }
  const unknown = [...shapes.keys()].find((name) => !(name in params));
  if (unknown !== undefined)
    throw new FormatError(`the file has a parameter ${unknown} that this autoencoder does not`);
}

/** Residual blocks that a configuration asks for, at least. */
function blocksOf(config: VaeConfig): number {
  if (config.kind === "kl") return config.blockOutChannels.length * config.layersPerBlock;
  return [...config.numEncoderBlocks, ...config.numDecoderBlocks].reduce((sum, count) => sum + count, 0);
}
