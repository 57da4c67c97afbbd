import { apply } from "../../ir/apply";
import type { F32 } from "../../ir/tensor";
import type { Params } from "../params";
import { linear, linearSpec, splitLinear } from "./linear";

/** One linear makes queries, keys and values (rows in this order, head by head inside each); another mixes the heads. */
export function selfAttentionSpec(width: number) {
  return { qkv: linearSpec(width, 3 * width), proj: linearSpec(width, width) };
}

/** Multi-head self-attention (arXiv 1706.03762, section 3.2). x: tokens [N, T, D] -> [N, T, D] */
export function selfAttention(p: Params<ReturnType<typeof selfAttentionSpec>>, x: F32, heads: number): F32 {
  const [q, k, v] = splitLinear(p.qkv, x, 3) as [F32, F32, F32]; // 3 x [N, T, D]
  return linear(p.proj, apply("attention", [q, k, v], { heads }));
}
