import { type Graph, type Scan, UnsupportedError } from "@dit/core";
import { type CompositeName, expandComposites, lower, nodesOf, stepGraph, withStep } from "@dit/core/internal";
import type { TfjsDevice } from "../devices";
import { dtypes } from "../dtypes";
import { accurateSines } from "./accurateSines";
import { plainMatmuls } from "./plainMatmuls";

/** The passes by which a device's graphs differ from everybody's. */
const ownPasses: { readonly [D in TfjsDevice]?: (graph: Graph) => Graph } = {
  wasm: plainMatmuls,
  webgl: accurateSines,
  webgpu: accurateSines,
};

/**
 * What a device runs: primitives and the composites that it has kernels for.
 * @throws UnsupportedError that names every node of a dtype that TensorFlow.js lacks
 */
export function lowerGraph(graph: Graph, device: TfjsDevice, native: ReadonlySet<CompositeName>): Graph {
  const foreign = nodesOf(graph).filter(({ dtype }) => !(dtypes as readonly string[]).includes(dtype));
  if (foreign.length > 0) {
    const list = foreign.map(({ op, dtype, scope }) => `${op} in ${dtype}${scope === "" ? "" : ` (${scope})`}`);
    throw new UnsupportedError(
      `${graph.name}: TensorFlow.js computes in ${dtypes.join(", ")} alone; it has no ${[...new Set(list)].join(", ")}`,
    );
  }
  const ownPass = ownPasses[device];
  return lower(ownPass === undefined ? graph : ownPass(expandComposites(graph, native)), native);
}

/** The same for one step of a scan. */
export function lowerScanGraph(scan: Scan, device: TfjsDevice, native: ReadonlySet<CompositeName>): Scan {
  return withStep(scan, lowerGraph(stepGraph(scan), device, native));
}
