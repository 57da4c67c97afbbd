import type { F32 } from "../../ir/tensor";

/** Exponential moving average of a parameter: decay * average + (1 - decay) * p. `decay` is a scalar. */
export function emaUpdate(average: F32, p: F32, decay: F32): F32 {
  return average.mul(decay).add(p.mul(decay.neg().add(1)));
}
