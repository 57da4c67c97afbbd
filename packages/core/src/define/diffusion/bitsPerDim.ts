import { zeros } from "../../ir/create";
import type { F32, I32 } from "../../ir/tensor";
import type { DiffusionConfig } from "./config";
import { qMeanVariance, qSample } from "./forward";
import { normalKl } from "./gaussian";
import { meanFlat, type Noised, type Predict, timestepOf, variationalBound } from "./loss";
import { epsFromX0 } from "./prediction";
import type { Process } from "./process";

/** Bits per dimension that the end of the chain costs: KL of q(x_T | x0) from the standard normal. x0: [N, C, I, J], step: the last one [N] -> [N] */
export function priorBitsPerDim(process: Process, x0: F32, step: I32): F32 {
  const { mean, logVariance } = qMeanVariance(process, x0, step);
  const standard = zeros("f32", []);
  return meanFlat(normalKl(mean, logVariance, standard, standard)).mul(1 / Math.LN2);
}

/**
 * What one step of the chain costs: its term of the variational bound in bits per dimension, and the mean squared errors
 * of the image and of the noise that the network implies. -> [N] each
 */
export function stepBitsPerDim(
  process: Process,
  config: Pick<DiffusionConfig, "prediction" | "variance">,
  predict: Predict,
  { x0, noise, step }: Noised,
  { clip }: { readonly clip: boolean },
): { readonly bits: F32; readonly imageError: F32; readonly noiseError: F32 } {
  const xt = qSample(process, x0, step, noise);
  const output = predict(xt, timestepOf(process, step));
  const { bits, x0: implied } = variationalBound(process, config, output, x0, xt, step, { clip });
  const eps = epsFromX0(process, implied, xt, step);
  return { bits, imageError: meanFlat(implied.sub(x0).square()), noiseError: meanFlat(eps.sub(noise).square()) };
}
