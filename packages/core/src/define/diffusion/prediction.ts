import type { F32, I32 } from "../../ir/tensor";
import { extract, type Process } from "./process";

/**
 * What a network may predict, as two linear relations per step: x0 = fromX * x_t + fromOutput * output, and the training
 * target = fromX0 * x0 + fromNoise * noise. A new prediction type is a new row.
 */
export interface Prediction {
  toX0(process: Process): { readonly fromX: Float64Array; readonly fromOutput: Float64Array };
  target(process: Process): { readonly fromX0: Float64Array; readonly fromNoise: Float64Array };
}

export const predictions = {
  /** The noise (Ho et al. 2020). */
  eps: {
    toX0: (p) => ({ fromX: p.sqrtRecipAlphasCumprod, fromOutput: p.sqrtRecipm1AlphasCumprod.map((c) => -c) }),
    target: (p) => ({ fromX0: everywhere(p, 0), fromNoise: everywhere(p, 1) }),
  },
  /** The clean image. */
  x0: {
    toX0: (p) => ({ fromX: everywhere(p, 0), fromOutput: everywhere(p, 1) }),
    target: (p) => ({ fromX0: everywhere(p, 1), fromNoise: everywhere(p, 0) }),
  },
  /** The velocity sqrt(acp) noise - sqrt(1 - acp) x0 (Salimans and Ho 2022). */
  v: {
    toX0: (p) => ({ fromX: p.sqrtAlphasCumprod, fromOutput: p.sqrtOneMinusAlphasCumprod.map((c) => -c) }),
    target: (p) => ({ fromX0: p.sqrtOneMinusAlphasCumprod.map((c) => -c), fromNoise: p.sqrtAlphasCumprod }),
  },
} as const satisfies Record<string, Prediction>;

export type PredictionType = keyof typeof predictions;

/** The clean image that a prediction implies. output, xt: [N, C, I, J], step: [N] -> [N, C, I, J] */
export function predictX0(process: Process, type: PredictionType, output: F32, xt: F32, step: I32): F32 {
  const { fromX, fromOutput } = predictions[type].toX0(process);
  return linearCombination(fromX, xt, fromOutput, output, step);
}

/** The noise that x_t holds if x0 is right. -> [N, C, I, J] */
export function epsFromX0(process: Process, x0: F32, xt: F32, step: I32): F32 {
  return extract(process.sqrtRecipAlphasCumprod, step)
    .mul(xt)
    .sub(x0)
    .div(extract(process.sqrtRecipm1AlphasCumprod, step));
}

/** What the network should have put out. -> [N, C, I, J] */
export function predictionTarget(process: Process, type: PredictionType, x0: F32, noise: F32, step: I32): F32 {
  const { fromX0, fromNoise } = predictions[type].target(process);
  return linearCombination(fromX0, x0, fromNoise, noise, step);
}

function linearCombination(a: Float64Array, x: F32, b: Float64Array, y: F32, step: I32): F32 {
  if (isAll(a, 0) && isAll(b, 1)) return y;
  if (isAll(a, 1) && isAll(b, 0)) return x;
  return extract(a, step).mul(x).add(extract(b, step).mul(y));
}

function isAll(table: Float64Array, value: number): boolean {
  return table.every((x) => x === value);
}

function everywhere({ steps }: Process, value: number): Float64Array {
  return new Float64Array(steps).fill(value);
}
