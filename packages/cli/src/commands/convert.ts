import { existsSync } from "node:fs";
import { ConfigError, type DiTConfig, type Model } from "@dit/core";
import { diffusersNumerics, modelPieces, modelToFolder, type StoredFloat, type WeightPart } from "@dit/core/internal";
import { loadModel } from "@dit/core/node";
import { findModel } from "../findModel";
import { atomicWrite } from "../run/atomicWrite";
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
  const model = await loadModel(findModel(source), { dit, ...(weights === undefined ? {} : { weights }) });
  const isFile = out.endsWith(".safetensors");
  if (isFile) atomicWrite(out, modelPieces(model, dtype));
  else writeFolder(out, modelToFolder(model, dtype));
  const layout = isFile ? "official" : "diffusers";
  return { out, layout, ...functionOf(model, layout) };
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
