import { apply } from "../../ir/apply";
import type { F32 } from "../../ir/tensor";
import { type Params, param } from "../params";

/** Layer normalisation over the channels (arXiv 1607.06450), without affine parameters. x: [..., D] -> [..., D] */
export function layerNorm(x: F32, epsilon = 1e-6): F32 {
  return apply("layerNorm", [x], { epsilon });
}

export function affineLayerNormSpec(width: number) {
  return { weight: param([width], { kind: "ones" }), bias: param([width], { kind: "zeros" }) };
}

/** Layer normalisation with a learned scale and shift of each channel. x: [..., D] -> [..., D] */
export function affineLayerNorm(p: Params<ReturnType<typeof affineLayerNormSpec>>, x: F32): F32 {
  return layerNorm(x).mul(p.weight).add(p.bias);
}
