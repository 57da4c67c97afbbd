import { conv2d, conv2dSpec, type F32, groupNorm, groupNormSpec, type Params } from "@dit/core";
import { activations } from "./activations";
import type { NetworkOptions } from "./networkOptions";

/** Two convolutions, each behind a norm; where the width changes, a 1x1 convolution takes the input along. */
export function resnetBlockSpec(inner: number, out: number) {
  return {
    norm1: groupNormSpec(inner),
    conv1: conv2dSpec(inner, out, 3),
    norm2: groupNormSpec(out),
    conv2: conv2dSpec(out, out, 3),
    ...(inner === out ? {} : { conv_shortcut: conv2dSpec(inner, out, 1) }),
  };
}

/** x: [N, inner, H, W] -> [N, out, H, W] */
export function resnetBlock(
  p: Params<ReturnType<typeof resnetBlockSpec>>,
  x: F32,
  { normNumGroups, activation }: NetworkOptions,
): F32 {
  const act = activations[activation];
  const h = conv2d(p.conv1, act(groupNorm(p.norm1, x, normNumGroups)), { padding: 1 }); // [N, out, H, W]
  const change = conv2d(p.conv2, act(groupNorm(p.norm2, h, normNumGroups)), { padding: 1 });
  return (p.conv_shortcut === undefined ? x : conv2d(p.conv_shortcut, x)).add(change);
}
