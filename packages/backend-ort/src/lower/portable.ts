import type { CompositeName } from "@dit/core/internal";
import { composites } from "./composites";
import { fusionsBy } from "./fusions/fusion";
import { primitives, standardMatmul } from "./primitives";
import type { Target } from "./target";

/** The standard operator sets (https://github.com/onnx/onnx/blob/main/docs/Operators.md) that a model can be written for. */
export const opsetRange = { from: 18, to: 23 } as const;

/** The first set that has a composite's operator. What is missing here is onnxruntime's own, in no set. */
const since: { readonly [C in CompositeName]?: number } = {
  sigmoid: 6,
  biasedConv2d: 11,
  avgPool2d: 11,
  linear: 13,
  softmax: 13,
  upsampleNearest: 13,
  layerNorm: 17,
  gelu: 20,
  rmsNorm: 23,
  attention: 23,
};

/**
 * For every runtime that knows ONNX: the standard operators alone, and no batch taken apart, so that a graph is the same at
 * each batch size. Composites that are no operator of the set are expanded.
 */
export function portable(opset: number = opsetRange.to): Target {
  const known = Object.entries(composites).filter(([name]) => (since[name as CompositeName] ?? opset + 1) <= opset);
  return {
    opset,
    primitives: { ...primitives, matmul: standardMatmul },
    composites: Object.fromEntries(known),
    weights: "f32",
    wide: new Set(),
    prepare: (graph) => graph,
    fusions: fusionsBy(),
  };
}

/** The oldest file format that holds a set: runtimes refuse formats newer than they are. */
export function irVersionOf(opset: number): number {
  if (opset >= 21) return 10;
  return opset >= 19 ? 9 : 8;
}
