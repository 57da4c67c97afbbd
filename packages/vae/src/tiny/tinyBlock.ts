import { conv2d, conv2dSpec, type F32, type Params } from "@dit/core";
import { type ActivationName, activations } from "../nn/activations";

/** Three convolutions beside the input. (1 and 3 in `conv` are the activations.) */
export function tinyBlockSpec(channels: number) {
  const conv = () => conv2dSpec(channels, channels, 3);
  return { conv: { 0: conv(), 2: conv(), 4: conv() } };
}

/** The last activation is ReLU whatever the others are. x: [N, C, H, W] -> [N, C, H, W] */
export function tinyBlock(p: Params<ReturnType<typeof tinyBlockSpec>>, x: F32, activation: ActivationName): F32 {
  const act = activations[activation];
  const first = act(conv2d(p.conv[0], x, { padding: 1 }));
  const second = act(conv2d(p.conv[2], first, { padding: 1 }));
  return activations.relu(conv2d(p.conv[4], second, { padding: 1 }).add(x));
}
