import type { Composite, CompositeName } from "../ops";
import { gelu, sigmoid, silu } from "./activations";
import { attention } from "./attention";
import { biasedConv2d } from "./convolution";
import { groupNorm } from "./groupNorm";
import { linear } from "./linear";
import { layerNorm, rmsNorm, softmax } from "./normalization";
import { avgPool2d } from "./pooling";
import { upsampleNearest } from "./upsampleNearest";

/** Every composite's shape rule, decomposition and, where it is better than the decomposition's, gradient. */
export const composites: { readonly [C in CompositeName]: Composite<C> } = {
  sigmoid,
  silu,
  gelu,
  softmax,
  layerNorm,
  rmsNorm,
  linear,
  biasedConv2d,
  avgPool2d,
  upsampleNearest,
  groupNorm,
  attention,
};
