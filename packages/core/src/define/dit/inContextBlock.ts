import type { F32 } from "../../ir/tensor";
import type { Params } from "../params";
import type { DiTConfig } from "./config";
import { type Layers, layerSpecs } from "./layers";

export function inContextBlockSpec(config: DiTConfig) {
  const { affineNorm, selfAttention, mlp } = layerSpecs(config);
  return { norm1: affineNorm, attn: selfAttention, norm2: affineNorm, mlp };
}

type BlockParams = Params<ReturnType<typeof inContextBlockSpec>>;

/**
 * The Vision Transformer's block (arXiv 2010.11929, section 3.1), which sees the conditioning as tokens among the
 * others (arXiv 2212.09748, section 3.2). x: tokens of image and conditioning [N, T + K, D] -> [N, T + K, D]
 */
export function inContextBlock(p: BlockParams, x: F32, _c: F32, { affineNorm, selfAttention, mlp }: Layers): F32 {
  x = x.add(selfAttention(p.attn, affineNorm(p.norm1, x))); // [N, T + K, D]
  return x.add(mlp(p.mlp, affineNorm(p.norm2, x))); // [N, T + K, D]
}
