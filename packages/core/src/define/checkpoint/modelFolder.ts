import { toDiffusers } from "../../host/names/diffusersLayout";
import { safetensorsPieces } from "../../host/safetensors";
import { shardIndexSuffix } from "../../host/safetensorsShards";
import type { TensorFile } from "../../host/tensorFile";
import { ConfigError, FormatError, messageOf, UnsupportedError } from "../../ir/errors";
import { type DiTConfig, ditConfig, gridOf } from "../dit/config";
import { officialNumerics } from "../dit/numerics";
import { positionalTable } from "../dit/positionalTable";
import type { Model, ModelConfig } from "../model";
import { type LoadOptions, modelFromTensors } from "../modelFile";
import type { Weights } from "../params";
import { type DiffusersConfig, fromDiffusersConfig, fromSchedulerConfig, toDiffusersConfig } from "./diffusersConfig";
import { type StoredFloat, storedWeights } from "./storedWeights";

/** A folder of files, wherever it lies. Names are relative to it, with slashes. */
export interface ModelFolder {
  has(name: string): boolean;
  text(name: string): string;
  tensors(name: string): TensorFile;
}

const [configName, weightsStem] = ["config.json", "diffusion_pytorch_model"];

/**
 * The weights in a folder of diffusers: one file, the index of several, or a `.bin` of PyTorch. Undefined when the folder is
 * none of these.
 * @param places where in it: by default of a transformer, or of the transformer in a whole pipeline
 */
export function weightsIn(folder: ModelFolder, places: readonly string[] = ["", "transformer/"]): string | undefined {
  return places
    .filter((place) => folder.has(`${place}${configName}`))
    .flatMap((place) => [".safetensors", shardIndexSuffix, ".bin"].map((ending) => `${place}${weightsStem}${ending}`))
    .find((name) => folder.has(name));
}

/**
 * A model from a folder of diffusers: a transformer's, or a pipeline's with its scheduler and class names beside it.
 * The weights are safetensors, in one file or in shards, or a `.bin` of PyTorch.
 * @throws FormatError naming the file that is missing or damaged
 */
export function modelFromFolder(folder: ModelFolder, options: LoadOptions = {}): Model {
  const weights = weightsIn(folder);
  if (weights === undefined) throw new FormatError(`there is no ${weightsStem}.safetensors, nor its shards`);
  const place = weights.slice(0, -weights.split("/").at(-1)!.length);
  const dit = named(`${place}${configName}`, () =>
    withGiven(fromDiffusersConfig(json(folder, `${place}${configName}`)), options.dit ?? {}),
  );
  const scheduler = "scheduler/scheduler_config.json";
  const diffusion = named(scheduler, () =>
    fromSchedulerConfig(folder.has(scheduler) ? json(folder, scheduler) : undefined, dit.learnSigma),
  );
  const index = "model_index.json";
  const classNames = named(index, () => (folder.has(index) ? classNamesIn(json(folder, index), dit.numClasses) : {}));
  const config = options.config ?? { dit, diffusion, ...classNames };
  return modelFromTensors(folder.tensors(weights), { ...options, config });
}

/** What a `config.json` of diffusers has no word for, and which code's function the weights make. */
const unsaid: readonly string[] = ["classDropout", "labelStd", ...Object.keys(officialNumerics)];

/** @throws ConfigError when what is given contradicts what the file says */
function withGiven(said: DiTConfig, given: Partial<DiTConfig>): DiTConfig {
  for (const [key, value] of Object.entries(given)) {
    const own = said[key as keyof DiTConfig];
    if (!unsaid.includes(key) && String(own) !== String(value))
      throw new ConfigError(`${key} is given as ${value}, but it says ${own}; leave it out`);
  }
  return ditConfig(undefined, { ...said, ...given });
}

/** The names that a pipeline gives to every one of its classes; the first of several for one. */
function classNamesIn(json: DiffusersConfig, count: number): { classNames?: readonly string[] } {
  const labels = (json.id2label ?? {}) as Readonly<Record<string, unknown>>;
  if (Object.keys(labels).length < count) return {};
  const classNames = Array.from({ length: count }, (_, i) => labels[String(i)]);
  return classNames.every((name) => typeof name === "string") ? { classNames } : {};
}

/**
 * A transformer's folder for diffusers, as its files in pieces.
 * @throws UnsupportedError for a network that diffusers cannot compute; it has no place for a positional table, and makes
 * the paper's
 */
export function modelToFolder(
  { config, weights }: Model,
  dtype: StoredFloat = "F32",
): Readonly<Record<string, Iterable<Uint8Array>>> {
  requirePaperTable(config, weights);
  const text = `${JSON.stringify(toDiffusersConfig(config.dit), null, 2)}\n`;
  const tensors = toDiffusers(storedWeights(weights, dtype), config.dit.depth);
  return {
    [`${weightsStem}.safetensors`]: safetensorsPieces(tensors, { format: "pt" }),
    [configName]: [new TextEncoder().encode(text)],
  };
}

function requirePaperTable({ dit }: ModelConfig, weights: Weights): void {
  const { hiddenSize } = dit;
  const [expected, actual] = [positionalTable(hiddenSize, ...gridOf(dit)), weights.pos_embed!.data];
  if (expected.every((value, i) => Math.abs(value - actual[i]!) < 1e-4)) return;
  throw new UnsupportedError("the positional table is not the paper's, and diffusers has no place for another");
}

function json(folder: ModelFolder, name: string): DiffusersConfig {
  const value: unknown = JSON.parse(folder.text(name));
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FormatError("it is no JSON object");
  return value as DiffusersConfig;
}

/** Names the file in what its reading throws. */
function named<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new FormatError(`${name}: ${messageOf(cause)}`, { cause });
  }
}
