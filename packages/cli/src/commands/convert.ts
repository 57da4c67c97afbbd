import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { ConfigError, type DiTConfig, type Model } from "@dit/core";
import { diffusersNumerics, modelPieces, modelToFolder, type StoredFloat, type WeightPart } from "@dit/core/internal";
import { isOtherProcess, loadModel } from "@dit/core/node";
import { findModel } from "../findModel";
import { atomicWrite, removeTemporaries } from "../run/atomicWrite";
import { writeFolder } from "../run/writeFolder";

export interface ConvertCommand {
  readonly source: string;
  /** A file that ends in .safetensors, or a folder for diffusers. */
  readonly out: string;
  readonly weights?: WeightPart;
  readonly dtype: StoredFloat;
  /** What the weights do not tell of the network. */
  readonly dit: Partial<DiTConfig>;
}

export interface ConvertSummary {
  readonly out: string;
  readonly layout: "official" | "diffusers";
  /** Whose function the weights make here. */
  readonly numerics: "official" | "diffusers";
  /** What differs for whoever opens the result with the other code. */
  readonly note: string | null;
}

/**
 * `dit convert`: any model that can be loaded, as one safetensors file with official names, or as a folder for diffusers.
 * One weight is in memory at a time. The result is there whole or not at all, and never takes the place of anything.
 */
export async function convertCommand({ source, out, weights, dtype, dit }: ConvertCommand): Promise<ConvertSummary> {
  if (existsSync(out)) throw new ConfigError(`${out} is there already; choose another name or remove it`);
  if (/\.(pt|pth|bin)$/i.test(out)) {
    throw new ConfigError(
      `${out}: files of PyTorch are read but not written; end the name in .safetensors, which PyTorch's code reads too`,
    );
  }
  const model = await loadModel(findModel(source), { dit, ...(weights === undefined ? {} : { weights }) });
  requireAgreement(source, model.config.dit, dit);
  mkdirSync(dirname(out), { recursive: true });
  removeTemporaries(dirname(out), isOtherProcess);
  const isFile = out.endsWith(".safetensors");
  if (isFile) atomicWrite(out, modelPieces(model, dtype));
  else writeFolder(out, modelToFolder(model, dtype));
  const layout = isFile ? "official" : "diffusers";
  return { out, layout, ...functionOf(model, layout) };
}

/** @throws ConfigError when a file that knows its configuration was told another */
function requireAgreement(source: string, known: DiTConfig, given: Partial<DiTConfig>): void {
  for (const [key, value] of Object.entries(given)) {
    const own = known[key as keyof DiTConfig];
    if (String(own) !== String(value))
      throw new ConfigError(`${key} is given as ${value}, but ${source} says that it is ${own}; leave it out`);
  }
}

/** The two codes compute different functions of the same weights: whoever converts should know. */
function functionOf({ config }: Model, layout: "official" | "diffusers"): Pick<ConvertSummary, "numerics" | "note"> {
  const isDiffusers = config.dit.timestepDivisor === diffusersNumerics.timestepDivisor;
  const numerics = isDiffusers ? "diffusers" : "official";
  if (numerics === layout) return { numerics, note: null };
  const note =
    layout === "official"
      ? "dit goes on computing diffusers' function; the official code would compute its own"
      : "diffusers computes another function of these weights than the official code: its timestep frequencies differ";
  return { numerics, note };
}
