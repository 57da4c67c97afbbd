import { conv2d, conv2dSpec, type F32, type Params, split } from "@dit/core";
import type { AutoencoderKLConfig } from "../config/klConfig";
import { decoder, decoderSpec } from "./decoder";
import { encoder, encoderSpec } from "./encoder";

export function autoencoderKLSpec(config: AutoencoderKLConfig) {
  const { latentChannels: c, useQuantConv, usePostQuantConv } = config;
  return {
    encoder: encoderSpec(config),
    decoder: decoderSpec(config),
    ...(useQuantConv ? { quant_conv: conv2dSpec(2 * c, 2 * c, 1) } : {}),
    ...(usePostQuantConv ? { post_quant_conv: conv2dSpec(c, c, 1) } : {}),
  };
}

export type AutoencoderKLParams = Params<ReturnType<typeof autoencoderKLSpec>>;

/** A Gaussian for each cell and channel of a latent, all [N, latentChannels, h, w]. */
export interface Posterior {
  readonly mean: F32;
  /** Clamped, so that its exponential is a number. */
  readonly logVariance: F32;
  readonly std: F32;
}

/**
 * What an image tells of its latent, unscaled.
 * @param x images [N, inChannels, H, W] in [-1, 1], H and W multiples of 2^(levels - 1)
 */
export function encodeKL(p: AutoencoderKLParams, x: F32, config: AutoencoderKLConfig): Posterior {
  const encoded = encoder(p.encoder, x, config);
  return posteriorOf(p.quant_conv === undefined ? encoded : conv2d(p.quant_conv, encoded));
}

/** moments: mean and log variance along the channels, [N, 2 latentChannels, h, w] */
export function posteriorOf(moments: F32): Posterior {
  const [mean, unbounded] = split(moments, 2, 1) as [F32, F32];
  const logVariance = unbounded.clamp(-30, 20);
  return { mean, logVariance, std: logVariance.mul(0.5).exp() };
}

/** z: unscaled latents [N, latentChannels, h, w] -> images [N, outChannels, H, W], in [-1, 1] but for what overshoots */
export function decodeKL(p: AutoencoderKLParams, z: F32, config: AutoencoderKLConfig): F32 {
  return decoder(p.decoder, p.post_quant_conv === undefined ? z : conv2d(p.post_quant_conv, z), config);
}
