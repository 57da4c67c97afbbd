import { apply } from "../../ir/apply";
import type { F32 } from "../../ir/tensor";
import { type Params, param } from "../params";

/** Division by the root mean square over the channels (arXiv 1910.07467), without a learned scale. x: [..., D] -> [..., D] */
export function rmsNorm(x: F32, epsilon = 1e-6): F32 {
  return apply("rmsNorm", [x], { epsilon });
}

export function scaledRmsNormSpec(width: number) {
  return { weight: param([width], { kind: "ones" }) };
}

/** The same with a learned scale of each channel. x: [..., D] -> [..., D] */
export function scaledRmsNorm(p: Params<ReturnType<typeof scaledRmsNormSpec>>, x: F32): F32 {
  return rmsNorm(x).mul(p.weight);
}
