import { zeros } from "../../ir/create";
import type { F32, I32 } from "../../ir/tensor";
import { qMeanVariance } from "./forward";
import { normalKl } from "./gaussian";
import { meanFlat } from "./loss";
import type { Process } from "./process";

/** Bits per dimension that the end of the chain costs: KL of q(x_T | x0) from the standard normal. x0: [N, C, I, J], step: the last one [N] -> [N] */
export function priorBitsPerDim(process: Process, x0: F32, step: I32): F32 {
  const { mean, logVariance } = qMeanVariance(process, x0, step);
  const standard = zeros("f32", []);
  return meanFlat(normalKl(mean, logVariance, standard, standard)).mul(1 / Math.LN2);
}
