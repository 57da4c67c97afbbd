import { bindParams, type F32, type Weights, zeros } from "@dit/core";
import type { AutoencoderKLConfig } from "./config/klConfig";
import type { AutoencoderTinyConfig } from "./config/tinyConfig";
import { decodeKL, decodingKLSpec, encodeKL, encodingKLSpec, posteriorOf } from "./kl/autoencoderKL";
import { decodeTiny, decodingTinySpec, encodeTiny, encodingTinySpec } from "./tiny/autoencoderTiny";

/** An autoencoder between images and the latents that a DiT works on. */
export type VaeConfig = AutoencoderKLConfig | AutoencoderTinyConfig;

/** A configuration with its weights, under diffusers' names. */
export interface Vae<C extends VaeConfig = VaeConfig> {
  readonly config: C;
  readonly weights: Weights;
}

/** The parameters that encode. */
export function encodingSpec(config: VaeConfig) {
  return config.kind === "kl" ? encodingKLSpec(config) : encodingTinySpec(config);
}

/** The parameters that decode. */
export function decodingSpec(config: VaeConfig) {
  return config.kind === "kl" ? decodingKLSpec(config) : decodingTinySpec(config);
}

/** All parameters of an autoencoder. */
export function vaeSpec(config: VaeConfig) {
  return { ...encodingSpec(config), ...decodingSpec(config) };
}

/** Parameters by path. */
type Tensors = Readonly<Record<string, F32>>;

/** A Gaussian for each cell and channel of a latent, unscaled, [N, latentChannels, h, w]. */
export interface Moments<T = F32> {
  readonly mean: T;
  readonly std: T;
}

/**
 * What images tell of their latents. A tiny autoencoder is sure of them.
 * @param images [N, inChannels, H, W] in [-1, 1]
 */
export function encodeImages(params: Tensors, images: F32, config: VaeConfig): Moments {
  switch (config.kind) {
    case "kl": {
      const { mean, std } = posteriorOf(encodeKL(bindParams(encodingKLSpec(config), params), images, config));
      return { mean, std };
    }
    case "tiny": {
      const mean = encodeTiny(bindParams(encodingTinySpec(config), params), images, config);
      return { mean, std: zeros("f32", mean.shape) };
    }
    default:
      return config satisfies never;
  }
}

/** z: unscaled latents [N, latentChannels, h, w] -> images [N, outChannels, H, W], in about [-1, 1] */
export function decodeLatents(params: Tensors, z: F32, config: VaeConfig): F32 {
  switch (config.kind) {
    case "kl":
      return decodeKL(bindParams(decodingKLSpec(config), params), z, config);
    case "tiny":
      return decodeTiny(bindParams(decodingTinySpec(config), params), z, config);
    default:
      return config satisfies never;
  }
}

/** How often the encoder halves the sides of an image: before each level but the first. */
export function halvings(config: VaeConfig): number {
  return (config.kind === "kl" ? config.blockOutChannels : config.encoderBlockOutChannels).length - 1;
}

/** Pixels to a side of a latent's cell, in what is decoded. */
export function pixelsPerCell(config: VaeConfig): number {
  return config.kind === "kl"
    ? 2 ** halvings(config)
    : config.upsamplingScalingFactor ** (config.decoderBlockOutChannels.length - 1);
}
