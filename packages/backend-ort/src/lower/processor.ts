import { splitBatch } from "@dit/core/internal";
import { composites } from "./composites";
import { primitives } from "./primitives";
import type { Target } from "./target";

/**
 * Elements of a sample's values from which a batch goes through the network sample by sample: on a processor, a value of a
 * few megabytes that one operation writes and the next reads costs as much as the operation itself.
 */
const smallestPart = 2 ** 16;

/** Processors, in Node and in WebAssembly. Operator set 23 is the first with Attention. */
export const processor: Target = {
  opset: 23,
  primitives,
  composites,
  wide: new Set(),
  prepare: (graph) => graph,
  finish: (graph) => splitBatch(graph, smallestPart),
};
