import { apply } from "../../ir/apply";
import type { F32 } from "../../ir/tensor";
import type { Params } from "../params";
import { linear, linearSpec, splitLinear } from "./linear";
import { headNorm, type QkNormParams } from "./qkNorm";

/** Queries come from the tokens, keys and values (rows in this order) from what they ask. */
export function crossAttentionSpec(width: number) {
  return { q: linearSpec(width, width), kv: linearSpec(width, 2 * width), proj: linearSpec(width, width) };
}

/** Multi-head attention of tokens to a context (arXiv 1706.03762, section 3.2). x: [N, T, D], context: [N, S, D] -> [N, T, D] */
export function crossAttention(
  p: Params<ReturnType<typeof crossAttentionSpec>> & QkNormParams,
  x: F32,
  context: F32,
  heads: number,
): F32 {
  const q = linear(p.q, x); // [N, T, D]
  const [k, v] = splitLinear(p.kv, context, 2) as [F32, F32]; // 2 x [N, S, D]
  const [query, key] = [headNorm(p.q_norm, q, heads), headNorm(p.k_norm, k, heads)];
  return linear(p.proj, apply("attention", [query, key, v], { heads }));
}
