import { constantF32 } from "../../ir/create";
import type { F32, I32 } from "../../ir/tensor";
import { respace } from "./respacing";
import { betasOf, type Schedule } from "./schedule";

/**
 * A diffusion chain's constants, float64, one per step of the chain. A shortened chain has its own; its step i stands
 * for timestep `timesteps[i]` of the chain the network knows.
 */
export interface Process {
  readonly steps: number;
  /** What the network is called with at each step. */
  readonly timesteps: Int32Array;
  readonly betas: Float64Array;
  readonly alphasCumprod: Float64Array;
  readonly alphasCumprodPrev: Float64Array;
  readonly alphasCumprodNext: Float64Array;
  readonly sqrtAlphasCumprod: Float64Array;
  readonly sqrtOneMinusAlphasCumprod: Float64Array;
  readonly logOneMinusAlphasCumprod: Float64Array;
  readonly sqrtRecipAlphasCumprod: Float64Array;
  readonly sqrtRecipm1AlphasCumprod: Float64Array;
  readonly posteriorVariance: Float64Array;
  /** At step 0, where the variance is 0, the log of step 1's. */
  readonly posteriorLogVarianceClipped: Float64Array;
  /** The posterior mean is coef1 * x0 + coef2 * x_t. */
  readonly posteriorMeanCoef1: Float64Array;
  readonly posteriorMeanCoef2: Float64Array;
}

/** The chain of a schedule, shortened to what `respacing` keeps (see `respace`; "" keeps all). */
export function process(schedule: string | Schedule, timesteps: number, respacing = ""): Process {
  const full = cumulativeProduct(betasOf(schedule, timesteps).map((beta) => 1 - beta));
  const kept = respace(timesteps, respacing);
  const betas = new Float64Array(kept.length);
  kept.forEach((t, i) => {
    betas[i] = 1 - full[t]! / (i === 0 ? 1 : full[kept[i - 1]!]!);
  });
  return processOf(betas, kept);
}

function processOf(betas: Float64Array, timesteps: Int32Array): Process {
  const steps = betas.length;
  const acp = cumulativeProduct(betas.map((beta) => 1 - beta));
  const previous = Float64Array.from({ length: steps }, (_, i) => (i === 0 ? 1 : acp[i - 1]!));
  const posteriorVariance = betas.map((beta, i) => (beta * (1 - previous[i]!)) / (1 - acp[i]!));
  return {
    steps,
    timesteps,
    betas,
    alphasCumprod: acp,
    alphasCumprodPrev: previous,
    alphasCumprodNext: Float64Array.from({ length: steps }, (_, i) => acp[i + 1] ?? 0),
    sqrtAlphasCumprod: acp.map(Math.sqrt),
    sqrtOneMinusAlphasCumprod: acp.map((a) => Math.sqrt(1 - a)),
    logOneMinusAlphasCumprod: acp.map((a) => Math.log(1 - a)),
    sqrtRecipAlphasCumprod: acp.map((a) => Math.sqrt(1 / a)),
    sqrtRecipm1AlphasCumprod: acp.map((a) => Math.sqrt(1 / a - 1)),
    posteriorVariance,
    posteriorLogVarianceClipped: posteriorVariance.map((v, i) => Math.log(i === 0 ? (posteriorVariance[1] ?? v) : v)),
    posteriorMeanCoef1: betas.map((beta, i) => (beta * Math.sqrt(previous[i]!)) / (1 - acp[i]!)),
    posteriorMeanCoef2: betas.map((beta, i) => ((1 - previous[i]!) * Math.sqrt(1 - beta)) / (1 - acp[i]!)),
  };
}

/** A constant of each sample's step, ready to be broadcast over images: table [steps], step: [N] -> [N, 1, 1, 1] */
export function extract(table: Float64Array, step: I32): F32 {
  return constantF32([table.length], table).gather(step).reshape([step.shape[0]!, 1, 1, 1]);
}

function cumulativeProduct(factors: Float64Array): Float64Array {
  let product = 1;
  return factors.map((x) => {
    product *= x;
    return product;
  });
}
