import type { F32 } from "../../ir/tensor";
import { linear } from "../nn/linear";
import { type Params, param } from "../params";
import { type DiTConfig, outChannels } from "./config";

/** The patch embedding is a convolution with kernel = stride = patch; its weight keeps the convolution's shape [D, C, P, P]. */
export function patchEmbeddingSpec({ hiddenSize, inChannels, patchSize }: DiTConfig) {
  const fanIn = inChannels * patchSize ** 2;
  return {
    proj: {
      weight: param([hiddenSize, inChannels, patchSize, patchSize], {
        kind: "xavierUniform",
        fanIn,
        fanOut: hiddenSize,
      }),
      bias: param([hiddenSize], { kind: "zeros" }),
    },
  };
}

/**
 * Patches to tokens. Kernels that do not overlap see each value once, so the convolution is a matrix product on
 * rearranged patches, which every backend has in its fastest form. x: [N, C, I, J] -> [N, T, D]
 */
export function embedPatches(p: Params<ReturnType<typeof patchEmbeddingSpec>>, x: F32, config: DiTConfig): F32 {
  const { weight, bias } = p.proj;
  return linear({ weight: weight.reshape([weight.shape[0]!, -1]), bias }, patchify(x, config.patchSize));
}

/** Cuts images into patches, channel slowest inside a patch. [N, C, rows * P, columns * P] -> [N, T, C * P * P] */
export function patchify(x: F32, patch: number): F32 {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const [rows, columns] = [height / patch, width / patch];
  return x
    .reshape([n, c, rows, patch, columns, patch])
    .transpose([0, 2, 4, 1, 3, 5])
    .reshape([n, rows * columns, c * patch * patch]);
}

/**
 * Tokens back to images. Here the channel is FASTEST inside a patch: the way out does not mirror the way in.
 * [N, T, P * P * out] -> [N, out, I, J]
 */
export function unpatchify(x: F32, config: DiTConfig): F32 {
  const { patchSize: patch, inputSize } = config;
  const [height, width] = inputSize;
  const [n, channels] = [x.shape[0]!, outChannels(config)];
  return x
    .reshape([n, height / patch, width / patch, patch, patch, channels])
    .transpose([0, 5, 1, 3, 2, 4])
    .reshape([n, channels, height, width]);
}
