import { type F32, groupNorm, groupNormSpec, linear, linearSpec, type Params } from "@dit/core";
import { apply } from "@dit/core/internal";
import type { NetworkOptions } from "./networkOptions";

/** Attention of every place to every place, with one head as wide as there are channels. */
export function spatialAttentionSpec(channels: number) {
  return {
    group_norm: groupNormSpec(channels),
    to_q: linearSpec(channels, channels),
    to_k: linearSpec(channels, channels),
    to_v: linearSpec(channels, channels),
    to_out: [linearSpec(channels, channels)] as const,
  };
}

/** Self-attention over the places of a map, added to it. x: [N, C, H, W] -> [N, C, H, W] */
export function spatialAttention(
  p: Params<ReturnType<typeof spatialAttentionSpec>>,
  x: F32,
  { normNumGroups }: NetworkOptions,
): F32 {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const places = groupNorm(p.group_norm, x, normNumGroups)
    .reshape([n, c, h * w])
    .transpose([0, 2, 1]); // [N, H W, C]
  const [q, k, v] = [linear(p.to_q, places), linear(p.to_k, places), linear(p.to_v, places)];
  const mixed = linear(p.to_out[0], apply("attention", [q, k, v], { heads: 1 })); // [N, H W, C]
  return x.add(mixed.transpose([0, 2, 1]).reshape([n, c, h, w]));
}
