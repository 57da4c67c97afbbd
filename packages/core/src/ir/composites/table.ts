import type { Composite, CompositeName } from "../ops";
import { gelu, sigmoid, silu } from "./activations";
import { attention } from "./attention";
import { linear } from "./linear";
import { layerNorm, rmsNorm, softmax } from "./normalization";

/** Every composite's shape rule, decomposition and, where it is better than the decomposition's, gradient. */
export const composites: { readonly [C in CompositeName]: Composite<C> } = {
  sigmoid,
  silu,
  gelu,
  softmax,
  layerNorm,
  rmsNorm,
  linear,
  attention,
};
