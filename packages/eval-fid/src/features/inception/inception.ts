import { type F32, maxPool2d, type Params, param } from "@dit/core";
import { block8, block8Spec, block17, block17Spec, block35, block35Spec, to8, to8Spec, to17, to17Spec } from "./blocks";
import { loaded, same, smoothed, storedUnitSpec, type UnitSpec, unit, unitSpec } from "./layers";

// The Inception network of 2015 by which images are judged, with the names that its PyTorch translations give its parameters.
// Source of the architecture: Szegedy et al., arXiv 1512.00567. Differs from the paper and from torchvision, as the TensorFlow graph of
// 2015-12-05 does: 1008 classes, no auxiliary head, average pools that leave the padding out, a max pool in the last block.

function inceptionSpecOf<U>(conv: UnitSpec<U>) {
  return {
    Conv2d_1a_3x3: conv(3, 32, 3),
    Conv2d_2a_3x3: conv(32, 32, 3),
    Conv2d_2b_3x3: conv(32, 64, 3),
    Conv2d_3b_1x1: conv(64, 80, 1),
    Conv2d_4a_3x3: conv(80, 192, 3),
    Mixed_5b: block35Spec(conv, 192, 32),
    Mixed_5c: block35Spec(conv, 256, 64),
    Mixed_5d: block35Spec(conv, 288, 64),
    Mixed_6a: to17Spec(conv, 288),
    Mixed_6b: block17Spec(conv, 128),
    Mixed_6c: block17Spec(conv, 160),
    Mixed_6d: block17Spec(conv, 160),
    Mixed_6e: block17Spec(conv, 192),
    Mixed_7a: to8Spec(conv),
    Mixed_7b: block8Spec(conv, 1280),
    Mixed_7c: block8Spec(conv, 2048),
    fc: { weight: param([1008, 2048], loaded), bias: param([1008], loaded) },
  };
}

/** As files store it: 472 parameters, 23,885,392 values. */
export const storedInceptionSpec = () => inceptionSpecOf(storedUnitSpec);

/** As it is computed: its normalisations folded into the convolutions. */
export const inceptionSpec = () => inceptionSpecOf(unitSpec);

/** Pixels to a side of the images that it takes. */
export const inceptionSize = 299;

/**
 * x: images [N, 3, 299, 299], -1 to 1 ->
 * - features [N, 2048]: `pool_3`, by which FID judges;
 * - spatial [N, 2023]: the first 7 channels of `mixed_6/conv`, by row, column and channel, by which sFID does;
 * - logits [N, 1008]: without the bias, of which the Inception Score is made.
 */
export function inception(p: Params<ReturnType<typeof inceptionSpec>>, x: F32) {
  const shrunk = (x: F32) => maxPool2d(x, { window: 3, stride: 2 });
  x = unit(p.Conv2d_2a_3x3, unit(p.Conv2d_1a_3x3, x, { stride: 2 })); // [N, 32, 147, 147]
  x = shrunk(same(p.Conv2d_2b_3x3, x)); // [N, 64, 73, 73]
  x = shrunk(unit(p.Conv2d_4a_3x3, same(p.Conv2d_3b_1x1, x))); // [N, 192, 35, 35]
  x = block35(p.Mixed_5d, block35(p.Mixed_5c, block35(p.Mixed_5b, x))); // [N, 288, 35, 35]
  x = to17(p.Mixed_6a, x); // [N, 768, 17, 17]
  x = block17(p.Mixed_6c, block17(p.Mixed_6b, x).out).out;
  const { out, branch1x1 } = block17(p.Mixed_6d, x);
  x = to8(p.Mixed_7a, block17(p.Mixed_6e, out).out); // [N, 1280, 8, 8]
  x = block8(p.Mixed_7b, x, smoothed(x)); // [N, 2048, 8, 8]
  x = block8(p.Mixed_7c, x, maxPool2d(x, { window: 3, stride: 1, padding: 1 }));
  const features = x.mean([2, 3]);
  return { features, spatial: spatialOf(branch1x1), logits: features.matmul(p.fc.weight, { transposeB: true }) };
}

/** Channels of `mixed_6/conv` that sFID looks at. */
const spatialChannels = 7;

/** branch1x1: [N, 192, 17, 17] -> [N, 17 * 17 * 7] */
function spatialOf(branch1x1: F32): F32 {
  const [images, , height, width] = branch1x1.shape as [number, number, number, number];
  return branch1x1
    .slice(1, 0, spatialChannels)
    .transpose([0, 2, 3, 1])
    .reshape([images, height * width * spatialChannels]);
}
