import type { F32, Params } from "@dit/core";
import { inPart } from "@dit/core/internal";
import type { NetworkOptions } from "../nn/networkOptions";
import { resnetBlock, resnetBlockSpec } from "../nn/resnetBlock";
import { spatialAttention, spatialAttentionSpec } from "../nn/spatialAttention";

/** The blocks of one resolution: `count` residual blocks, the first from `inner` channels, each with attention or not. */
export function levelSpec(inner: number, out: number, count: number, hasAttention: boolean) {
  const blocks = Array.from({ length: count }, (_, i) => i);
  return {
    ...(hasAttention ? { attentions: blocks.map(() => spatialAttentionSpec(out)) } : {}),
    resnets: blocks.map((i) => resnetBlockSpec(i === 0 ? inner : out, out)),
  };
}

/** x: [N, inner, H, W] -> [N, out, H, W] */
export function level(p: Params<ReturnType<typeof levelSpec>>, x: F32, options: NetworkOptions): F32 {
  return p.resnets.reduce((h, resnet, i) => {
    const next = inPart(`resnets.${i}`, () => resnetBlock(resnet, h, options));
    const attention = p.attentions?.[i];
    return attention === undefined ? next : inPart(`attentions.${i}`, () => spatialAttention(attention, next, options));
  }, x);
}
