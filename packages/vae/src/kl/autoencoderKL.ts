import { conv2d, conv2dSpec, type F32, type Params, split } from "@dit/core";
import { inPart } from "@dit/core/internal";
import type { AutoencoderKLConfig } from "../config/klConfig";
import { decoder, decoderSpec } from "./decoder";
import { encoder, encoderSpec } from "./encoder";

/** What encodes: the encoder, and a 1x1 convolution behind it where the configuration has one. */
export function encodingKLSpec(config: AutoencoderKLConfig) {
  const moments = 2 * config.latentChannels;
  return {
    encoder: encoderSpec(config),
    ...(config.useQuantConv ? { quant_conv: conv2dSpec(moments, moments, 1) } : {}),
  };
}

/** What decodes. */
export function decodingKLSpec(config: AutoencoderKLConfig) {
  const { latentChannels: channels, usePostQuantConv } = config;
  return {
    decoder: decoderSpec(config),
    ...(usePostQuantConv ? { post_quant_conv: conv2dSpec(channels, channels, 1) } : {}),
  };
}

/**
 * Mean and log variance of images' latents, unscaled, along the channels [N, 2 latentChannels, h, w].
 * @param x images [N, inChannels, H, W] in [-1, 1], H and W multiples of 2^(levels - 1)
 */
export function encodeKL(p: Params<ReturnType<typeof encodingKLSpec>>, x: F32, config: AutoencoderKLConfig): F32 {
  const { quant_conv: quant } = p;
  const encoded = inPart("encoder", () => encoder(p.encoder, x, config));
  return quant === undefined ? encoded : inPart("quant_conv", () => conv2d(quant, encoded));
}

/** A Gaussian for each cell and channel of a latent, all [N, latentChannels, h, w]. */
export interface Posterior {
  readonly mean: F32;
  /** Clamped, so that its exponential is a number. */
  readonly logVariance: F32;
  readonly std: F32;
}

/** moments: as `encodeKL` puts them out, [N, 2 latentChannels, h, w] */
export function posteriorOf(moments: F32): Posterior {
  const [mean, unbounded] = split(moments, 2, 1) as [F32, F32];
  const logVariance = unbounded.clamp(-30, 20);
  return { mean, logVariance, std: logVariance.mul(0.5).exp() };
}

/** z: unscaled latents [N, latentChannels, h, w] -> images [N, outChannels, H, W], in [-1, 1] but for what overshoots */
export function decodeKL(p: Params<ReturnType<typeof decodingKLSpec>>, z: F32, config: AutoencoderKLConfig): F32 {
  const { post_quant_conv: quant } = p;
  const given = quant === undefined ? z : inPart("post_quant_conv", () => conv2d(quant, z));
  return inPart("decoder", () => decoder(p.decoder, given, config));
}
