import { bindParams, type F32, type Weights, zeros } from "@dit/core";
import type { AutoencoderKLConfig } from "./config/klConfig";
import type { AutoencoderTinyConfig } from "./config/tinyConfig";
import { autoencoderKLSpec, decodeKL, encodeKL } from "./kl/autoencoderKL";
import { autoencoderTinySpec, decodeTiny, encodeTiny } from "./tiny/autoencoderTiny";

/** An autoencoder between images and the latents that a DiT works on. */
export type VaeConfig = AutoencoderKLConfig | AutoencoderTinyConfig;

/** A configuration with its weights, under diffusers' names. */
export interface Vae<C extends VaeConfig = VaeConfig> {
  readonly config: C;
  readonly weights: Weights;
}

/** The parameters of an autoencoder. */
export function vaeSpec(config: VaeConfig) {
  return config.kind === "kl" ? autoencoderKLSpec(config) : autoencoderTinySpec(config);
}

/** Parameters by path. */
type Tensors = Readonly<Record<string, F32>>;

/**
 * Mean and standard deviation of each image's latent, unscaled; a tiny autoencoder is sure of its latents.
 * @param images [N, inChannels, H, W] in [-1, 1]
 */
export function encodeImages(params: Tensors, images: F32, config: VaeConfig): { readonly mean: F32; readonly std: F32 } {
  switch (config.kind) {
    case "kl":
      return encodeKL(bindParams(autoencoderKLSpec(config), params), images, config);
    case "tiny": {
      const mean = encodeTiny(bindParams(autoencoderTinySpec(config), params), images, config);
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
      return decodeKL(bindParams(autoencoderKLSpec(config), params), z, config);
    case "tiny":
      return decodeTiny(bindParams(autoencoderTinySpec(config), params), z, config);
    default:
      return config satisfies never;
  }
}

/** Sides of an image in units of its latent's. */
export function latentFactor(config: VaeConfig): number {
  return config.kind === "kl"
    ? 2 ** (config.blockOutChannels.length - 1)
    : config.upsamplingScalingFactor ** (config.decoderBlockOutChannels.length - 1);
}
