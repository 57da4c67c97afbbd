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
import type { Target } from "./target";

const ofAnyWeights: readonly Pattern[] = [
  modulatedNorm({ dtypes: ["f32"], perSample: false }),
  normDeviation,
  equalParts,
];

/** What goes by one kernel where the weights of linear layers are integers. */
export const fusionsOfIntegers = fusionsBy(...ofAnyWeights);

/** Processors, in Node and in WebAssembly. Operator set 23 is the first with Attention. */
export const processor: Target = {
  opset: 23,
  primitives,
  composites,
  weights: "f32",
  wide: new Set(),
  batchSplit: batchSplit(1),
  prepare: (graph) => graph,
  fusions: fusionsBy(...ofAnyWeights, attentionBiases, slicedMlp, splitHeads, joinHeads),
};
