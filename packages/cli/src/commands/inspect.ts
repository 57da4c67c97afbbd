import { statSync } from "node:fs";
import { blockDefaults, countParams, type DiTConfig, ditSpec, type ModelConfig, multiplyAdds } from "@dit/core";
import { diffusersNumerics, lookalike, selectWeights } from "@dit/core/internal";
import { loadModel, openTensorFile, weightsInFolder } from "@dit/core/node";
import { findModel } from "../findModel";

/** One tensor of a file. */
export interface InspectedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

export interface Inspection {
  readonly file: string;
  readonly bytes: number;
  readonly tensors: readonly InspectedTensor[];
  /** Values in all tensors together. */
  readonly values: number;
  /** Which model the names and shapes look like. */
  readonly looksLike: string | null;
  /** What the file says of itself, or what its weights tell; null where they are no model of this library. */
  readonly config: ModelConfig | null;
  /** Why there is no configuration. */
  readonly why: string | null;
  readonly parameters: number | null;
  /** Of one forward pass of one sample. */
  readonly multiplyAdds: number | null;
}

/** `dit inspect`: what a model file holds, read from its directory alone. */
export async function inspectCommand(path: string): Promise<Inspection> {
  const model = findModel(path);
  const file = weightsInFolder(model) ?? model;
  const opened = openTensorFile(file);
  const tensors = [...opened.tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const weights = selectWeights(opened);
  const { config, why } = await configOf(model, "dit.config" in opened.metadata);
  return {
    file,
    bytes: statSync(file).size,
    tensors,
    values: tensors.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0),
    looksLike: lookalike(new Map([...weights].map(([name, { shape }]) => [name, shape]))) ?? null,
    config,
    why,
    parameters: config === null ? null : countParams(ditSpec(config.dit)),
    multiplyAdds: config === null ? null : multiplyAdds(config.dit),
  };
}

/** A file of this library must be whole; others may be no model that we know. */
async function configOf(path: string, isOurs: boolean): Promise<{ config: ModelConfig | null; why: string | null }> {
  try {
    return { config: (await loadModel(path)).config, why: null };
  } catch (error) {
    if (isOurs) throw error;
    return { config: null, why: (error as Error).message.replace(`${path}: `, "") };
  }
}

/** An inspection for people. */
export function inspectionText(inspection: Inspection): string {
  const { file, bytes, tensors, values, looksLike } = inspection;
  const width = tensors.reduce((most, { name }) => Math.max(most, name.length), 0);
  const rows = tensors.map(
    ({ name, dtype, shape }) => `  ${name.padEnd(width)}  ${dtype.padEnd(4)}  [${shape.join(", ")}]`,
  );
  return [
    `${file}: ${count(bytes)} bytes, ${tensors.length} tensors, ${count(values)} values`,
    ...(looksLike === null ? [] : [`  looks like ${looksLike}`]),
    ...about(inspection),
    ...rows,
  ].join("\n");
}

function about({ config, why, multiplyAdds: work }: Inspection): string[] {
  if (config === null) return [`  ${why}`];
  const { depth, hiddenSize, heads, patchSize, inChannels, inputSize, numClasses, timestepDivisor } = config.dit;
  const isDiffusers = timestepDivisor === diffusersNumerics.timestepDivisor;
  return [
    `  DiT: ${depth} ${depth === 1 ? "block" : "blocks"} of width ${hiddenSize}, ${heads} heads, patch ${patchSize}`,
    `  ${designOf(config.dit)}`,
    `  input ${inChannels}x${inputSize.join("x")}, ${numClasses === 0 ? "unconditional" : `${numClasses} classes`}, predicts ${config.diffusion.prediction}`,
    `  computes the function of ${isDiffusers ? "diffusers" : "the official code"}`,
    `  ${count(work!)} multiply-adds per forward pass of one sample`,
  ];
}

function count(n: number): string {
  return n.toLocaleString("en");
}

/** The block's design, and its options where they are not the paper's: `conditioning adaLNZero, rope, registerTokens 4`. */
function designOf(dit: DiTConfig): string {
  const { conditioning, ...options } = blockDefaults;
  const chosen = (Object.keys(options) as (keyof typeof options)[]).filter((key) => dit[key] !== options[key]);
  const named = chosen.map((key) => (dit[key] === true ? key : `${key} ${dit[key]}`));
  return [`conditioning ${dit.conditioning}`, ...named].join(", ");
}
