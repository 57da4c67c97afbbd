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
 * A sampler reads the first; the second is what the official code also puts out. `plain` is the first unguided.
 */
export function guide(network: Network, x: F32, t: F32, y: I32, scale: F32, channels: number, config: DiTConfig) {
  const none = constant(hostI32([1], [nullLabel(config)])).broadcastTo(y.shape);
  const output = network(concat([x, x], 0), concat([t, t], 0), concat([y, none], 0));
  const [plain, without] = split(output, 2, 0) as [F32, F32];
  const guided = away(plain, without, scale, channels);
  return { conditional: guided(plain), unconditional: guided(without), plain };
}

/**
 * Autoguidance (arXiv 2406.02507): away from what a weaker model, smaller or less trained, says of the same image with
 * the same labels. It needs no null label. x: [N, C, I, J], t: [N], y: [N] -> [N, out, I, J]
 */
export function autoguide(network: Network, weaker: Network, x: F32, t: F32, y: I32, scale: F32, channels: number) {
  const plain = network(x, t, y);
  return { conditional: away(plain, weaker(x, t, y), scale, channels)(plain), plain };
}

/**
 * Brings the deviation that guidance enlarges back towards that of the unguided prediction (arXiv 2305.08891, section
 * 3.4), image by image over the guided channels. share: 0 leaves it as it is, 1 restores it wholly.
 */
export function rescaled(guided: F32, plain: F32, share: number, channels: number): F32 {
  const [first, before] = [guided, plain].map((x) => x.slice(1, 0, channels)) as [F32, F32];
  // The floor is there for a network that puts out a constant.
  const ratio = variance(before).div(variance(first).max(1e-20)).sqrt();
  return withFirst(first.mul(ratio.mul(share).add(1 - share)), guided);
}

/** The first channels moved away from those of `from`; to be put in place of anyone's. */
function away(towards: F32, from: F32, scale: F32, channels: number): (x: F32) => F32 {
  const [good, bad] = [towards, from].map((x) => x.slice(1, 0, channels)) as [F32, F32];
  const guided = bad.add(scale.mul(good.sub(bad)));
  return (x) => withFirst(guided, x);
}

/** `x` with its first channels replaced. */
function withFirst(first: F32, x: F32): F32 {
  const [channels, all] = [first.shape[1]!, x.shape[1]!];
  return channels === all ? first : concat([first, x.slice(1, channels, all)], 1);
}

/** Of each image. [N, C, I, J] -> [N, 1, 1, 1] */
function variance(x: F32): F32 {
  const ofImage = [1, 2, 3];
  return x
    .sub(x.mean(ofImage, { keepDims: true }))
    .square()
    .mean(ofImage, { keepDims: true });
}
