import { splitBatch } from "@dit/core/internal";
import { composites } from "./composites";
import { equalParts } from "./fusions/equalParts";
import { fusionsBy } from "./fusions/fusion";
import { modulatedNorm } from "./fusions/norms";
import { primitives } from "./primitives";
import { smallestPart } from "./smallestPart";
import type { Target } from "./target";

/** Processors, in Node and in WebAssembly. Operator set 23 is the first with Attention. */
export const processor: Target = {
  opset: 23,
  primitives,
  composites,
  weights: "f32",
  wide: new Set(),
  prepare: (graph) => graph,
  finish: (graph) => splitBatch(graph, smallestPart),
  fusions: fusionsBy(modulatedNorm({ dtypes: ["f32"], perSample: false }), equalParts),
};
