import { batchSplit } from "./batchSplit";
import { composites } from "./composites";
import { equalParts } from "./fusions/equalParts";
import { fusionsBy } from "./fusions/fusion";
import { modulatedNorm } from "./fusions/norms";
import { primitives } from "./primitives";
import type { Target } from "./target";

/** Processors, in Node and in WebAssembly. Operator set 23 is the first with Attention. */
export const processor: Target = {
  opset: 23,
  primitives,
  composites,
  weights: "f32",
  wide: new Set(),
  batchSplit: batchSplit(1),
  prepare: (graph) => graph,
  fusions: fusionsBy(modulatedNorm({ dtypes: ["f32"], perSample: false }), equalParts),
};
