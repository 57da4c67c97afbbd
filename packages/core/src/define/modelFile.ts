import { concatBytes } from "../host/concatBytes";
import { fromDiffusers } from "../host/names/diffusersLayout";
import { readSafetensors, safetensorsPieces } from "../host/safetensors";
import type { FileTensor, TensorFile } from "../host/tensorFile";
import { toLazyFloat32 } from "../host/toHostTensor";
import { FormatError, messageOf } from "../ir/errors";
import { lazyTensor } from "../ir/hostTensor";
import { type Shape, sameShape } from "../ir/shape";
import { depthOf, guessConfig, type Shapes } from "./checkpoint/guessConfig";
import { lookalike } from "./checkpoint/lookalike";
import { selectWeights, type WeightPart } from "./checkpoint/selectWeights";
import { type StoredFloat, storedWeights } from "./checkpoint/storedWeights";
import { diffusionDefaults } from "./diffusion/config";
import { type DiTConfig, ditConfig } from "./dit/config";
import { ditSpec } from "./dit/dit";
import { diffusersNumerics, officialNumerics } from "./dit/numerics";
import { checkModel, type Model, type ModelConfig } from "./model";
import { objectiveConfig } from "./objective";
import { paramsOf, type Weights } from "./params";

/** Where the configuration lies in a file's metadata. */
const configKey = "dit.config";

/**
 * A model as one safetensors file: official parameter names and layout, so that PyTorch opens it as it is, and the
 * configuration in the metadata, so that nothing else is needed to use it.
 */
export function modelToSafetensors(model: Model): Uint8Array {
  return concatBytes([...modelPieces(model)]);
}

/**
 * The same in pieces to be written one after the other, each made when its turn comes.
 * @param dtype what the weights are rounded to
 */
export function modelPieces({ config, weights }: Model, dtype: StoredFloat = "F32"): Generator<Uint8Array, void> {
  return safetensorsPieces(storedWeights(weights, dtype), { format: "pt", [configKey]: JSON.stringify(config) });
}

/** How a file's weights become a model. */
export interface LoadOptions {
  /** All of it, for weights that it cannot be guessed from. */
  readonly config?: ModelConfig;
  /** What the network's shapes do not tell, such as `heads`; it goes before what is guessed. */
  readonly dit?: Partial<DiTConfig>;
  /** Which weights of a training checkpoint; `ema` where they are there. */
  readonly weights?: WeightPart;
}

/**
 * A model from what `modelToSafetensors` wrote, or from weights of the official code or of diffusers, whose configuration
 * is guessed from their shapes. In diffusers' layout they make diffusers' function, which is another (`Numerics`). Weights
 * stay in the file: each is taken from it when its values are asked for.
 * @throws FormatError when the tensors are not those of a DiT or of the configuration, saying what they look like
 * @throws ConfigError naming what cannot be guessed
 */
export function modelFromTensors(file: TensorFile, options: LoadOptions = {}): Model {
  const known = options.config ?? configFrom(file.metadata[configKey]);
  const selected = selectWeights(file, options.weights);
  const isDiffusers = selected.has("pos_embed.proj.weight") && selected.has("proj_out_2.weight");
  if (!isDiffusers && !selected.has("x_embedder.proj.weight")) {
    const seen = lookalike(shapesOf(selected));
    throw new FormatError(`these are not the weights of a DiT${seen === undefined ? "" : `; they look like ${seen}`}`);
  }
  const tensors = isDiffusers ? fromDiffusers(selected, depthOf(selected.keys())) : selected;
  const numerics = isDiffusers ? diffusersNumerics : officialNumerics;
  const config = known ?? guessed(guessConfig(shapesOf(tensors), { ...numerics, ...options.dit }));
  checkModel(config);
  requireDepth(config, tensors);
  const weights = Object.fromEntries([...tensors].map(([name, tensor]) => [name, toLazyFloat32(tensor)]));
  const complete = { ...missingTables(config, weights), ...weights };
  requireParams(config, complete);
  return { config, weights: complete };
}

/** A model from a safetensors file in memory. @throws as `modelFromTensors` */
export function modelFromSafetensors(bytes: Uint8Array, options?: LoadOptions): Model {
  return modelFromTensors(readSafetensors(bytes), options);
}

/** The official code's diffusion, for a network of which nothing else is known. */
function guessed(dit: DiTConfig): ModelConfig {
  return { dit, diffusion: { ...diffusionDefaults, variance: dit.learnSigma ? "learnedRange" : "fixedLarge" } };
}

/** The fixed tables that a file leaves out, as those of diffusers do. */
function missingTables({ dit }: ModelConfig, weights: Weights): Weights {
  return Object.fromEntries(
    Object.entries(paramsOf(ditSpec(dit))).flatMap(([name, { shape, init }]) =>
      init.kind === "fixed" && weights[name] === undefined ? [[name, lazyTensor("f32", shape, init.values)]] : [],
    ),
  );
}

function configFrom(text: string | undefined): ModelConfig | undefined {
  if (text === undefined) return undefined;
  try {
    const { dit, diffusion, classNames } = JSON.parse(text) as ModelConfig;
    return {
      dit: ditConfig(undefined, dit),
      diffusion: objectiveConfig(diffusion),
      ...(classNames === undefined ? {} : { classNames }),
    };
  } catch (cause) {
    throw new FormatError(`${configKey} in the file's metadata cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** @throws FormatError naming the first parameter that is missing, of another shape, or unknown, and what was mistaken for what */
function requireParams({ dit }: ModelConfig, weights: Weights): void {
  const params = paramsOf(ditSpec(dit));
  const fail = (what: string) => new FormatError(`${what}${mistaken(Object.entries(weights), Object.entries(params))}`);
  for (const [name, { shape }] of Object.entries(params)) {
    const value = weights[name];
    if (value === undefined) throw fail(`parameter ${name} is missing`);
    if (!sameShape(value.shape, shape)) {
      throw fail(`parameter ${name} has shape [${value.shape}], the configuration says [${shape}]`);
    }
  }
  const unknown = Object.keys(weights).find((name) => !(name in params));
  if (unknown !== undefined) throw fail(`the file has a parameter ${unknown} that this model does not`);
}

/** Before anything is made for each block: a small file may say that it has a billion. */
function requireDepth({ dit: { depth } }: ModelConfig, tensors: ReadonlyMap<string, FileTensor>): void {
  const blocks = depthOf(tensors.keys());
  if (blocks !== depth) throw new FormatError(`the weights are of ${blocks} blocks, the configuration says ${depth}`);
}

/** What the weights and the configuration look like, where that is not the same. */
function mistaken(...sides: readonly [weights: Shaped, config: Shaped]): string {
  const [weights, config] = sides.map((side) => lookalike(new Map(side.map(([name, { shape }]) => [name, shape]))));
  return weights === undefined || weights === config
    ? ""
    : `; the weights look like ${weights}, the configuration like ${config}`;
}

type Shaped = readonly (readonly [name: string, value: { readonly shape: Shape }])[];

function shapesOf(tensors: ReadonlyMap<string, FileTensor>): Shapes {
  return new Map([...tensors].map(([name, { shape }]) => [name, shape]));
}
