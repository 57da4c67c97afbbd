import type { CompositeName } from "@dit/core/internal";

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

/** The composites that are one operator of a standard set; the others are expanded. */
export function portableComposites(opset: number): ReadonlySet<CompositeName> {
  const known = Object.entries(since) as [CompositeName, number][];
  return new Set(known.flatMap(([name, first]) => (first <= opset ? [name] : [])));
}

/** The oldest file format that holds a set: runtimes refuse formats newer than they are. */
export function irVersionOf(opset: number): number {
  if (opset >= 21) return 10;
  return opset >= 19 ? 9 : 8;
}
