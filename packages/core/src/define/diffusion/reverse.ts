import { split } from "../../ir/create";
import type { F32, I32 } from "../../ir/tensor";
import type { DiffusionConfig } from "./config";
import type { Gaussian } from "./forward";
import { predictX0 } from "./prediction";
import { extract, type Process } from "./process";
import { isLearned, type LogVarianceRange, variances } from "./variance";

/** Cuts a network's output into the prediction and, where the variance is learned, the variance values. */
export function splitOutput(config: Pick<DiffusionConfig, "variance">, output: F32): { prediction: F32; values?: F32 } {
  if (!isLearned(config.variance)) return { prediction: output };
  const [prediction, values] = split(output, 2, 1) as [F32, F32];
  return { prediction, values };
}

/**
 * p(x_{t-1} | x_t) as the network sees it, and the x0 it implies.
 * output: [N, out, I, J], xt: [N, C, I, J], step: [N]; `clip` clamps the implied x0 to [-1, 1].
 */
export function pMeanVariance(
  process: Process,
  config: Pick<DiffusionConfig, "prediction" | "variance">,
  output: F32,
  xt: F32,
  step: I32,
  { clip = false } = {},
): Gaussian & { readonly x0: F32 } {
  const { prediction, values } = splitOutput(config, output);
  const implied = predictX0(process, config.prediction, prediction, xt, step);
  const x0 = clip ? implied.clamp(-1, 1) : implied;
  const range: LogVarianceRange = variances[config.variance](process);
  const low = extract(range.low, step);
  const logVariance = values === undefined ? low : interpolate(low, extract(range.high, step), values);
  return {
    x0,
    mean: extract(process.posteriorMeanCoef1, step).mul(x0).add(extract(process.posteriorMeanCoef2, step).mul(xt)),
    logVariance,
    variance: range.variance === undefined ? logVariance.exp() : extract(range.variance, step),
  };
}

/** Between two log variances by a value whose -1 means low and 1 high; it is not clamped. */
export function interpolate(low: F32, high: F32, value: F32): F32 {
  const fraction = value.add(1).mul(0.5);
  return fraction.mul(high).add(fraction.neg().add(1).mul(low));
}
