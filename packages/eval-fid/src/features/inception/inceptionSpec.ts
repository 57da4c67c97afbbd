import { param } from "@dit/core";

// The parameters of the Inception network of 2015 by which images are judged, under the names that its PyTorch
// translations give them. Source of the architecture: Szegedy et al., arXiv 1512.00567; of the differences to it
// (1008 classes, no auxiliary head): the TensorFlow graph of 2015-12-05.

/** These weights are never learned here. */
const loaded = { kind: "zeros" } as const;

/** A convolution without bias and a batch normalisation; ReLU follows. `kernel`: [height, width], or one for both. */
function convSpec(from: number, to: number, kernel: number | readonly [height: number, width: number]) {
  const [height, width] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  const vector = () => param([to], loaded);
  return {
    conv: { weight: param([to, from, height, width], loaded) },
    bn: { weight: vector(), bias: vector(), running_mean: vector(), running_var: vector() },
  };
}

/** 35 x 35: [N, from, 35, 35] -> [N, 224 + pool, 35, 35] */
function blockASpec(from: number, pool: number) {
  return {
    branch1x1: convSpec(from, 64, 1),
    branch5x5_1: convSpec(from, 48, 1),
    branch5x5_2: convSpec(48, 64, 5),
    branch3x3dbl_1: convSpec(from, 64, 1),
    branch3x3dbl_2: convSpec(64, 96, 3),
    branch3x3dbl_3: convSpec(96, 96, 3),
    branch_pool: convSpec(from, pool, 1),
  };
}

/** 35 x 35 to 17 x 17: [N, 288, 35, 35] -> [N, 768, 17, 17] */
function blockBSpec(from: number) {
  return {
    branch3x3: convSpec(from, 384, 3),
    branch3x3dbl_1: convSpec(from, 64, 1),
    branch3x3dbl_2: convSpec(64, 96, 3),
    branch3x3dbl_3: convSpec(96, 96, 3),
  };
}

/** 17 x 17, with 7 x 7 convolutions taken apart: [N, 768, 17, 17] -> the same */
function blockCSpec(inner: number) {
  return {
    branch1x1: convSpec(768, 192, 1),
    branch7x7_1: convSpec(768, inner, 1),
    branch7x7_2: convSpec(inner, inner, [1, 7]),
    branch7x7_3: convSpec(inner, 192, [7, 1]),
    branch7x7dbl_1: convSpec(768, inner, 1),
    branch7x7dbl_2: convSpec(inner, inner, [7, 1]),
    branch7x7dbl_3: convSpec(inner, inner, [1, 7]),
    branch7x7dbl_4: convSpec(inner, inner, [7, 1]),
    branch7x7dbl_5: convSpec(inner, 192, [1, 7]),
    branch_pool: convSpec(768, 192, 1),
  };
}

/** 17 x 17 to 8 x 8: [N, 768, 17, 17] -> [N, 1280, 8, 8] */
function blockDSpec() {
  return {
    branch3x3_1: convSpec(768, 192, 1),
    branch3x3_2: convSpec(192, 320, 3),
    branch7x7x3_1: convSpec(768, 192, 1),
    branch7x7x3_2: convSpec(192, 192, [1, 7]),
    branch7x7x3_3: convSpec(192, 192, [7, 1]),
    branch7x7x3_4: convSpec(192, 192, 3),
  };
}

/** 8 x 8: [N, from, 8, 8] -> [N, 2048, 8, 8] */
function blockESpec(from: number) {
  return {
    branch1x1: convSpec(from, 320, 1),
    branch3x3_1: convSpec(from, 384, 1),
    branch3x3_2a: convSpec(384, 384, [1, 3]),
    branch3x3_2b: convSpec(384, 384, [3, 1]),
    branch3x3dbl_1: convSpec(from, 448, 1),
    branch3x3dbl_2: convSpec(448, 384, 3),
    branch3x3dbl_3a: convSpec(384, 384, [1, 3]),
    branch3x3dbl_3b: convSpec(384, 384, [3, 1]),
    branch_pool: convSpec(from, 192, 1),
  };
}

/** 472 parameters, 23,885,392 values. */
export function inceptionSpec() {
  return {
    Conv2d_1a_3x3: convSpec(3, 32, 3),
    Conv2d_2a_3x3: convSpec(32, 32, 3),
    Conv2d_2b_3x3: convSpec(32, 64, 3),
    Conv2d_3b_1x1: convSpec(64, 80, 1),
    Conv2d_4a_3x3: convSpec(80, 192, 3),
    Mixed_5b: blockASpec(192, 32),
    Mixed_5c: blockASpec(256, 64),
    Mixed_5d: blockASpec(288, 64),
    Mixed_6a: blockBSpec(288),
    Mixed_6b: blockCSpec(128),
    Mixed_6c: blockCSpec(160),
    Mixed_6d: blockCSpec(160),
    Mixed_6e: blockCSpec(192),
    Mixed_7a: blockDSpec(),
    Mixed_7b: blockESpec(1280),
    Mixed_7c: blockESpec(2048),
    fc: { weight: param([1008, 2048], loaded), bias: param([1008], loaded) },
  };
}
