import { silu, split } from "../../ir/create";
import type { F32 } from "../../ir/tensor";
import { selfAttention, selfAttentionSpec } from "../nn/attention";
import { layerNorm } from "../nn/layerNorm";
import { linear, linearSpec } from "../nn/linear";
import { mlp, mlpSpec } from "../nn/mlp";
import { modulate, perToken } from "../nn/modulate";
import type { Params } from "../params";
import type { DiTConfig } from "./config";

export function ditBlockSpec({ hiddenSize, mlpRatio }: DiTConfig) {
  return {
    attn: selfAttentionSpec(hiddenSize),
    mlp: mlpSpec(hiddenSize, Math.floor(hiddenSize * mlpRatio)),
    // Zero weights make every gate 0, so that a fresh block is the identity: the "Zero" of adaLN-Zero.
    adaLN_modulation: { 1: linearSpec(hiddenSize, 6 * hiddenSize, { kind: "zeros" }) },
  };
}

/** DiT block with adaLN-Zero conditioning (arXiv 2212.09748, section 3.2). x: tokens [N, T, D], c: conditioning [N, D] -> [N, T, D] */
export function ditBlock(p: Params<ReturnType<typeof ditBlockSpec>>, x: F32, c: F32, { heads }: DiTConfig): F32 {
  const [shiftA, scaleA, gateA, shiftM, scaleM, gateM] = split(linear(p.adaLN_modulation[1], silu(c)), 6) as Six; // 6 x [N, D]
  x = x.add(perToken(gateA).mul(selfAttention(p.attn, modulate(layerNorm(x), shiftA, scaleA), heads))); // [N, T, D]
  return x.add(perToken(gateM).mul(mlp(p.mlp, modulate(layerNorm(x), shiftM, scaleM)))); // [N, T, D]
}

type Six = [F32, F32, F32, F32, F32, F32];
