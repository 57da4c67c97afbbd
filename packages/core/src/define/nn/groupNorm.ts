import { apply } from "../../ir/apply";
import type { F32 } from "../../ir/tensor";
import { type Params, param } from "../params";

export function groupNormSpec(channels: number) {
  return { weight: param([channels], { kind: "ones" }), bias: param([channels], { kind: "zeros" }) };
}

/**
 * Group normalisation (arXiv 1803.08494) with a learned scale and shift of each channel; `groups` divides the channels.
 * x: [N, C, H, W] -> the same
 */
export function groupNorm(p: Params<ReturnType<typeof groupNormSpec>>, x: F32, groups: number, epsilon = 1e-6): F32 {
  return apply("groupNorm", [x, p.weight, p.bias], { groups, epsilon });
}
