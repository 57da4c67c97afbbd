import { silu, split } from "../../ir/create";
import type { F32 } from "../../ir/tensor";
import { linear, linearSpec } from "../nn/linear";
import { modulate, perToken } from "../nn/modulate";
import type { Params } from "../params";
import type { DiTConfig } from "./config";
import { type Layers, layerSpecs } from "./layers";

export function ditBlockSpec(config: DiTConfig) {
  const { selfAttention, mlp } = layerSpecs(config);
  return {
    attn: selfAttention,
    mlp,
    // Zero weights make every gate 0, so that a fresh block is the identity: the "Zero" of adaLN-Zero.
    adaLN_modulation: { 1: linearSpec(config.hiddenSize, 6 * config.hiddenSize, { kind: "zeros" }) },
  };
}

type BlockParams = Params<ReturnType<typeof ditBlockSpec>>;
type Six = [F32, F32, F32, F32, F32, F32];

/** DiT block with adaLN-Zero conditioning (arXiv 2212.09748, section 3.2). x: tokens [N, T, D], c: conditioning [N, D] -> [N, T, D] */
export function ditBlock(p: BlockParams, x: F32, c: F32, { norm, mlpNorm, selfAttention, mlp }: Layers): F32 {
  const [shiftA, scaleA, gateA, shiftM, scaleM, gateM] = split(linear(p.adaLN_modulation[1], silu(c)), 6) as Six; // 6 x [N, D]
  x = x.add(perToken(gateA).mul(selfAttention(p.attn, modulate(norm(x), shiftA, scaleA)))); // [N, T, D]
  return x.add(perToken(gateM).mul(mlp(p.mlp, modulate(mlpNorm(x), shiftM, scaleM)))); // [N, T, D]
}
