import { ConfigError } from "../../ir/errors";
import type { F32 } from "../../ir/tensor";

/**
 * How the averaged weights forget: by a constant decay (the paper's is 0.9999), which `warmup` begins lower, so that the
 * first weights do not linger; or by a power of the time trained, whose width is `sigmaRel` times that time.
 */
export type EmaConfig =
  | { readonly decay: number; readonly warmup?: boolean }
  /** The power-function profile of arXiv 2312.02696, section 3.1. */
  | { readonly sigmaRel: number };

export const emaDefaults: EmaConfig = { decay: 0.9999 };

/** Widest profile: gamma = 0, which is the plain mean of all steps. */
export const widestEma = Math.sqrt(1 / 12);

/** The decay at step `step`, counted from 1. @throws ConfigError for a width that no profile has */
export function emaDecayAt(step: number, config: EmaConfig): number {
  if ("sigmaRel" in config) return (1 - 1 / step) ** (powerOfWidth(config.sigmaRel) + 1);
  // The warm-up averages over about a tenth of the steps taken.
  return config.warmup === true ? Math.min(config.decay, step / (10 + step)) : config.decay;
}

/**
 * The exponent gamma of the profile t^gamma on [0, 1] whose standard deviation is `sigmaRel`: the profile is a Beta
 * distribution, so sigmaRel^2 = (gamma + 1) / ((gamma + 2)^2 (gamma + 3)), which falls as gamma grows.
 */
export function powerOfWidth(sigmaRel: number): number {
  if (!(sigmaRel > 0 && sigmaRel <= widestEma)) {
    throw new ConfigError(`sigmaRel is ${sigmaRel}, allowed: above 0 to ${widestEma.toFixed(4)}`);
  }
  let [low, high] = [0, 1 / sigmaRel];
  for (let halvings = 0; halvings < 64; halvings++) {
    const gamma = (low + high) / 2;
    if ((gamma + 1) / ((gamma + 2) ** 2 * (gamma + 3)) > sigmaRel ** 2) low = gamma;
    else high = gamma;
  }
  return (low + high) / 2;
}

/** Exponential moving average of a parameter: decay * average + (1 - decay) * p. `decay` is a scalar. */
export function emaUpdate(average: F32, p: F32, decay: F32): F32 {
  return average.mul(decay).add(p.mul(decay.neg().add(1)));
}
