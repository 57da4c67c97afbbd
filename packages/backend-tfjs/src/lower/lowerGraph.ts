import { type Graph, type Scan, UnsupportedError } from "@dit/core";
import { lower, nodesOf, stepGraph, withStep } from "@dit/core/internal";
import { dtypes } from "../dtypes";
import { nativeComposites } from "./tables";

/**
 * What a device runs: primitives and the composites that it has kernels for.
 * @throws UnsupportedError that names every node of a dtype that TensorFlow.js lacks
 */
export function lowerGraph(graph: Graph): Graph {
  const foreign = nodesOf(graph).filter(({ dtype }) => !(dtypes as readonly string[]).includes(dtype));
  if (foreign.length > 0) {
    const list = foreign.map(({ op, dtype, scope }) => `${op} in ${dtype}${scope === "" ? "" : ` (${scope})`}`);
    throw new UnsupportedError(
      `${graph.name}: TensorFlow.js computes in ${dtypes.join(", ")} alone; it has no ${[...new Set(list)].join(", ")}`,
    );
  }
  return lower(graph, nativeComposites);
}

/** The same for one step of a scan. */
export function lowerScanGraph(scan: Scan): Scan {
  return withStep(scan, lowerGraph(stepGraph(scan)));
}
