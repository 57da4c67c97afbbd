import type { F32 } from "../../ir/tensor";
import type { DiffusionConfig } from "../diffusion/config";
import { interpolate, splitOutput } from "../diffusion/reverse";
import type { RowColumn, SamplerTable } from "./table";

/** One row as scalars. A column that is left out is neutral. */
export type RowScalars = { readonly [C in RowColumn]?: F32 };

/** What is handed from one call of the network to the next, all [N, C, I, J]. Beyond x only what the table reads. */
export interface SamplerState {
  readonly x: F32;
  readonly anchor?: F32;
  /** What the solver kept of the calls before, the last one first. */
  readonly d1?: F32;
  readonly d2?: F32;
  readonly d3?: F32;
}

export interface StepOptions extends Pick<DiffusionConfig, "variance">, Pick<SamplerTable, "learnedVariance"> {
  /** Whether x0 is clamped to [-1, 1] at each step. For pixels; latents exceed that range. */
  readonly clip: boolean;
  /** Clamped to what, where it is not 1. */
  readonly clipRange?: number;
}

/** A network with everything but the image and the time already applied. x: [N, C, I, J], timestep: [] -> [N, out, I, J] */
export type StepNetwork = (x: F32, timestep: F32) => F32;

/** The parts of the state that a table with these columns reads, in the order of `SamplerState`. */
export function stateOf(columns: readonly RowColumn[]): (keyof SamplerState)[] {
  const reads = (...names: RowColumn[]) => names.some((name) => columns.includes(name));
  return [
    "x",
    ...(reads("fromAnchor") ? ["anchor" as const] : []),
    ...(reads("fromD1", "fromD2", "fromD3") ? ["d1" as const] : []),
    ...(reads("fromD2", "fromD3") ? ["d2" as const] : []),
    ...(reads("fromD3") ? ["d3" as const] : []),
  ];
}

/**
 * Reads one row of a sampler's table: one call of the network and the linear combinations that `SamplerRow` writes out.
 * noise: [N, C, I, J] -> the next state, and the image x0 that the network sees.
 */
export function samplerStep(
  row: RowScalars,
  before: SamplerState,
  network: StepNetwork,
  noise: F32 | undefined,
  { clip, clipRange = 1, learnedVariance, variance }: StepOptions,
): { readonly state: SamplerState; readonly x0: F32 } {
  const x = sum(before.x, noise && term(row.noiseBefore, noise));
  const anchor = before.anchor && blend(row.starts, x, before.anchor);
  const output = network(row.inputScale === undefined ? x : x.mul(row.inputScale), row.timestep!);
  const { prediction, values } = splitOutput({ variance }, output);
  const implied = sum(term(row.x0FromX, x), term(row.x0FromOutput, prediction));
  const x0 = clip ? implied.clamp(-clipRange, clipRange) : implied;
  const d = sum(
    term(row.dFromX, x),
    row.dFromX0 === undefined ? x0 : x0.mul(row.dFromX0),
    term(row.dFromOutput, prediction),
  );
  const deviation =
    learnedVariance && values !== undefined && row.std !== undefined
      ? interpolate(row.logVarianceLow!, row.logVarianceHigh!, values).mul(0.5).exp().mul(row.std)
      : row.std;
  const next = sum(
    term(row.fromX, x),
    anchor && term(row.fromAnchor, anchor),
    term(row.fromD, d),
    before.d1 && term(row.fromD1, before.d1),
    before.d2 && term(row.fromD2, before.d2),
    before.d3 && term(row.fromD3, before.d3),
    noise && term(deviation, noise),
  );
  return {
    x0,
    state: {
      x: next,
      ...(anchor && { anchor }),
      ...(before.d1 && { d1: d }),
      ...(before.d2 && { d2: before.d1! }),
      ...(before.d3 && { d3: before.d2! }),
    },
  };
}

function term(factor: F32 | undefined, x: F32): F32 | undefined {
  return factor?.mul(x);
}

/** The sum of the terms that are there; at least one must be. */
function sum(...terms: (F32 | undefined)[]): F32 {
  return terms.filter((x) => x !== undefined).reduce((total, x) => total.add(x));
}

/** `a` where `weight` is 1, `b` where it is 0. A weight that is left out is 1. */
function blend(weight: F32 | undefined, a: F32, b: F32): F32 {
  return weight === undefined ? a : weight.mul(a).add(weight.neg().add(1).mul(b));
}
