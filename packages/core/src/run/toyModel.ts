import { diffusionDefaults } from "../define/diffusion/config";
import { ditConfig } from "../define/dit/config";
import type { ModelConfig } from "../define/model";
import type { Dataset } from "./dataset";

/** A model small enough to be trained on the reference in a test. */
export const toyModel: ModelConfig = {
  dit: ditConfig(undefined, { inputSize: [4, 4], inChannels: 1, hiddenSize: 8, depth: 1, heads: 2, numClasses: 3 }),
  diffusion: diffusionDefaults,
};

/** Ten images of 1x4x4 for it. Image i holds i in its first pixel, which is what a test knows it by. */
export const toyData: Dataset = {
  imageShape: [1, 4, 4],
  classNames: ["a", "b", "c"],
  size: 10,
  flip: false,
  label: (index) => index % 3,
  read: (index, out, offset) => {
    for (let i = 0; i < 16; i++) out[offset + i] = i === 0 ? index : Math.sin(index + i);
  },
};
