import { silu, split } from "../../ir/create";
import type { F32 } from "../../ir/tensor";
import { linear, linearSpec } from "../nn/linear";
import { modulate } from "../nn/modulate";
import type { Params } from "../params";
import type { DiTConfig } from "./config";
import { type Layers, layerSpecs } from "./layers";

/** Without the zeros of adaLN-Zero: scales and shifts begin as random functions of the conditioning, like any linear. */
export function adaLNBlockSpec(config: DiTConfig) {
  const { selfAttention, mlp } = layerSpecs(config);
  return {
    attn: selfAttention,
    mlp,
    adaLN_modulation: { 1: linearSpec(config.hiddenSize, 4 * config.hiddenSize) },
  };
}

type BlockParams = Params<ReturnType<typeof adaLNBlockSpec>>;

/** Block with adaptive norms and no gates (arXiv 2212.09748, section 3.2). x: tokens [N, T, D], c: conditioning [N, D] -> [N, T, D] */
export function adaLNBlock(p: BlockParams, x: F32, c: F32, { norm, mlpNorm, selfAttention, mlp }: Layers): F32 {
  const modulation = split(linear(p.adaLN_modulation[1], silu(c)), 4);
  const [shiftA, scaleA, shiftM, scaleM] = modulation as [F32, F32, F32, F32]; // 4 x [N, D]
  x = x.add(selfAttention(p.attn, modulate(norm(x), shiftA, scaleA))); // [N, T, D]
  return x.add(mlp(p.mlp, modulate(mlpNorm(x), shiftM, scaleM))); // [N, T, D]
}
