import { apply } from "../../ir/apply";
import type { F32 } from "../../ir/tensor";
import type { Params } from "../params";
import { linear, linearSpec, splitLinear } from "./linear";
import { headNorm, type QkNormParams } from "./qkNorm";

/** One linear makes queries, keys and values (rows in this order, head by head inside each); another mixes the heads. */
export function selfAttentionSpec(width: number) {
  return { qkv: linearSpec(width, 3 * width), proj: linearSpec(width, width) };
}

/** Tells queries and keys where they stand. [N, T, D] -> [N, T, D] */
export type Rotation = (x: F32) => F32;

const unturned: Rotation = (x) => x;

/** Multi-head self-attention (arXiv 1706.03762, section 3.2). x: tokens [N, T, D] -> [N, T, D] */
export function selfAttention(
  p: Params<ReturnType<typeof selfAttentionSpec>> & QkNormParams,
  x: F32,
  heads: number,
  rotate: Rotation = unturned,
): F32 {
  const [q, k, v] = splitLinear(p.qkv, x, 3) as [F32, F32, F32]; // 3 x [N, T, D]
  const [query, key] = [rotate(headNorm(p.q_norm, q, heads)), rotate(headNorm(p.k_norm, k, heads))];
  return linear(p.proj, apply("attention", [query, key, v], { heads }));
}

/** Multiply-adds of multi-head attention with its four linears: `queries` tokens ask `keys` tokens. */
export function attentionMultiplyAdds(width: number, queries: number, keys: number): number {
  const linears = 2 * queries * width ** 2 + 2 * keys * width ** 2;
  const scoresAndValues = 2 * queries * keys * width;
  return linears + scoresAndValues;
}
