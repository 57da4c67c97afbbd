import { ConfigError, f32, type Graph, paramTypes, trace } from "@dit/core";
import { unscaled } from "../latentScale";
import { decodeLatents, decodingSpec, encodeImages, encodingSpec, halvings, type VaeConfig } from "../vae";

/** Height and width, in pixels or in cells of a latent. */
export type Size = readonly [height: number, width: number];

/**
 * The latents' size, in cells, of images of a size.
 * @throws ConfigError for images that cannot be halved so often: the decoder would give back larger ones
 */
export function latentSize(config: VaeConfig, [height, width]: Size): Size {
  const times = halvings(config);
  const pixels = 2 ** times;
  if (height % pixels === 0 && width % pixels === 0) return [height / pixels, width / pixels];
  throw new ConfigError(
    `images of ${height}x${width} cannot be halved ${times} times; take sides that are multiples of ${pixels}, or fewer levels`,
  );
}

/**
 * `images` [N, C, H, W] in [-1, 1] -> `mean` and `std` of their latents, unscaled [N, c, h, w].
 * @throws ConfigError as `latentSize`
 */
export function encoderGraph(config: VaeConfig, count: number, size: Size): Graph {
  latentSize(config, size);
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
