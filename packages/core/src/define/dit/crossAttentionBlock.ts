import type { F32 } from "../../ir/tensor";
import type { Params } from "../params";
import type { DiTConfig } from "./config";
import { type Layers, layerSpecs } from "./layers";

export function crossAttentionBlockSpec(config: DiTConfig) {
  const { affineNorm, selfAttention, crossAttention, mlp } = layerSpecs(config);
  return {
    norm1: affineNorm,
    attn: selfAttention,
    norm2: affineNorm,
    cross_attn: crossAttention,
    norm3: affineNorm,
    mlp,
  };
}

type BlockParams = Params<ReturnType<typeof crossAttentionBlockSpec>>;

/**
 * Block whose tokens ask the conditioning, a sequence of its own, between self-attention and MLP
 * (arXiv 2212.09748, section 3.2). x: tokens [N, T, D], c: conditioning [N, K, D] -> [N, T, D]
 */
export function crossAttentionBlock(p: BlockParams, x: F32, c: F32, layers: Layers): F32 {
  const { affineNorm, selfAttention, crossAttention, mlp } = layers;
  x = x.add(selfAttention(p.attn, affineNorm(p.norm1, x))); // [N, T, D]
  x = x.add(crossAttention(p.cross_attn, affineNorm(p.norm2, x), c)); // [N, T, D]
  return x.add(mlp(p.mlp, affineNorm(p.norm3, x))); // [N, T, D]
}
