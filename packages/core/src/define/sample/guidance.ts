import { concat, constant, split } from "../../ir/create";
import { hostI32 } from "../../ir/hostTensor";
import type { F32, I32 } from "../../ir/tensor";
import { type DiTConfig, nullLabel } from "../dit/config";

/** A network: xt [N, C, I, J], t [N], y [N] -> [N, out, I, J] */
export type Network = (xt: F32, t: F32, y: I32) => F32;

/**
 * How many channels guidance acts on. The official code guides the first three of a latent's four; all-channel guidance
 * is what diffusers does and what the paper's appendix A compares it with.
 */
export function guidedChannels({ inChannels }: DiTConfig, channels: "all" | 3): number {
  return channels === "all" ? inChannels : Math.min(channels, inChannels);
}

/**
 * Classifier-free guidance (Ho and Salimans 2022; arXiv 2212.09748, section 3.1): one forward pass with the labels and
 * one with the null label, as the two halves of one batch; on the guided channels the difference is scaled up.
 * x: [N, C, I, J], t: [N], y: [N] -> the two halves with their guided channels replaced, each [N, out, I, J].
 * A sampler reads the first; the second is what the official code also puts out.
 */
export function guide(network: Network, x: F32, t: F32, y: I32, scale: F32, channels: number, config: DiTConfig) {
  const none = constant(hostI32([x.shape[0]!], new Array<number>(x.shape[0]!).fill(nullLabel(config))));
  const output = network(concat([x, x], 0), concat([t, t], 0), concat([y, none], 0));
  const [conditional, unconditional] = split(output, 2, 0) as [F32, F32];
  const [withLabel, without] = [conditional, unconditional].map((half) => half.slice(1, 0, channels)) as [F32, F32];
  const guided = without.add(scale.mul(withLabel.sub(without)));
  const rest = (half: F32) =>
    channels === half.shape[1] ? guided : concat([guided, half.slice(1, channels, half.shape[1]!)], 1);
  return { conditional: rest(conditional), unconditional: rest(unconditional) };
}
