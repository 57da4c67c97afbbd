import type { F32, Params } from "@dit/core";
import { inPart } from "@dit/core/internal";
import type { NetworkOptions } from "../nn/networkOptions";
import { resnetBlock, resnetBlockSpec } from "../nn/resnetBlock";
import { spatialAttention, spatialAttentionSpec } from "../nn/spatialAttention";

/** The coarsest part of encoder and decoder: two residual blocks, and attention between them where it is asked for. */
export function midBlockSpec(channels: number, hasAttention: boolean) {
  return {
    ...(hasAttention ? { attentions: [spatialAttentionSpec(channels)] as const } : {}),
    resnets: [resnetBlockSpec(channels, channels), resnetBlockSpec(channels, channels)] as const,
  };
}

/** x: [N, C, H, W] -> [N, C, H, W] */
export function midBlock(p: Params<ReturnType<typeof midBlockSpec>>, x: F32, options: NetworkOptions): F32 {
  const { attentions, resnets } = p;
  const first = inPart("resnets.0", () => resnetBlock(resnets[0], x, options));
  const mixed =
    attentions === undefined ? first : inPart("attentions.0", () => spatialAttention(attentions[0], first, options));
  return inPart("resnets.1", () => resnetBlock(resnets[1], mixed, options));
}
