import type { F32, I32 } from "../../ir/tensor";
import { extract, type Process } from "./process";

/** A Gaussian per element; variances broadcast over the image. */
export interface Gaussian {
  readonly mean: F32;
  readonly variance: F32;
  readonly logVariance: F32;
}

/** x_t, drawn from q(x_t | x0) with the given noise. x0, noise: [N, C, I, J], step: [N] -> [N, C, I, J] */
export function qSample(process: Process, x0: F32, step: I32, noise: F32): F32 {
  return extract(process.sqrtAlphasCumprod, step)
    .mul(x0)
    .add(extract(process.sqrtOneMinusAlphasCumprod, step).mul(noise));
}

/** q(x_t | x0) */
export function qMeanVariance(process: Process, x0: F32, step: I32): Gaussian {
  return {
    mean: extract(process.sqrtAlphasCumprod, step).mul(x0),
    variance: extract(
      process.alphasCumprod.map((a) => 1 - a),
      step,
    ),
    logVariance: extract(process.logOneMinusAlphasCumprod, step),
  };
}

/** q(x_{t-1} | x_t, x0) */
export function qPosterior(process: Process, x0: F32, xt: F32, step: I32): Gaussian {
  return {
    mean: extract(process.posteriorMeanCoef1, step).mul(x0).add(extract(process.posteriorMeanCoef2, step).mul(xt)),
    variance: extract(process.posteriorVariance, step),
    logVariance: extract(process.posteriorLogVarianceClipped, step),
  };
}
