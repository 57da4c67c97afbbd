import { f32, type Graph, paramTypes, trace } from "@dit/core";
import { unscaled } from "../latentScale";
import { decodeLatents, decodingSpec, encodeImages, encodingSpec, type VaeConfig } from "../vae";

/** Height and width, in pixels or in cells of a latent. */
export type Size = readonly [height: number, width: number];

/** `images` [N, C, H, W] in [-1, 1] -> `mean` and `std` of their latents, unscaled [N, c, h, w]. */
export function encoderGraph(config: VaeConfig, count: number, size: Size): Graph {
  const signature = { params: paramTypes(encodingSpec(config)).all, images: f32([count, config.inChannels, ...size]) };
  const graph = trace("encode", signature, ({ params, images }) => encodeImages(params, images, config));
  return { ...graph, samples: ["images"] };
}

/** `latents` as a DiT draws them [N, c, h, w] -> `images` [N, C, H, W], in about [-1, 1]. */
export function decoderGraph(config: VaeConfig, count: number, size: Size): Graph {
  const signature = {
    params: paramTypes(decodingSpec(config)).all,
    latents: f32([count, config.latentChannels, ...size]),
  };
  const graph = trace("decode", signature, ({ params, latents }) => ({
    images: decodeLatents(params, unscaled(latents, config), config),
  }));
  return { ...graph, samples: ["latents"] };
}
