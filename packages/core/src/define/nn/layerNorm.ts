import { apply } from "../../ir/apply";
import type { F32 } from "../../ir/tensor";

/** Layer normalisation over the channels, without affine parameters (the DiT's norms have none). x: [..., D] -> [..., D] */
export function layerNorm(x: F32, epsilon = 1e-6): F32 {
  return apply("layerNorm", [x], { epsilon });
}
