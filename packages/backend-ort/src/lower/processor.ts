import { batchSplit } from "./batchSplit";
import { composites } from "./composites";
import { attentionBiases } from "./fusions/attentionBiases";
import { equalParts } from "./fusions/equalParts";
import { fusionsBy, type Pattern } from "./fusions/fusion";
import { joinHeads, splitHeads } from "./fusions/heads";
import { normDeviation } from "./fusions/normDeviation";
import { modulatedNorm } from "./fusions/norms";
import { slicedMlp } from "./fusions/slicedMlp";
import { primitives } from "./primitives";
import { holding } from "./quantizedLinear";
import type { WeightFormat } from "./quantizedMatrix";
import type { Target } from "./target";

const ofAnyWeights: readonly Pattern[] = [
  modulatedNorm({ dtypes: ["f32"], perSample: false }),
  normDeviation,
  equalParts,
];

const floats: Target = {
  opset: 23,
  primitives,
  composites,
  weights: "f32",
  wide: new Set(),
  prepare: (graph) => graph,
  fusions: fusionsBy(...ofAnyWeights, attentionBiases, slicedMlp, splitHeads, joinHeads),
};

/**
 * Processors, in Node and in WebAssembly. Operator set 23 is the first with Attention. Where linear layers hold integers, they
 * are not taken apart, and samples go one by one, since they must not share a scale.
 * @param threads inside one operation
 */
export function processor(threads = 1, weights: WeightFormat = "f32"): Target {
  if (weights === "f32") return { ...floats, batchSplit: batchSplit(threads) };
  return { ...holding(weights, floats), batchSplit: batchSplit(1), fusions: fusionsBy(...ofAnyWeights) };
}
