import type { Graph, Scan } from "@dit/core";
import {
  accurateSines,
  type CompositeName,
  expandComposites,
  lower,
  requireDTypes,
  stepGraph,
  withStep,
} from "@dit/core/internal";
import type { TfjsDevice } from "../devices";
import { dtypes } from "../dtypes";
import { plainMatmuls, plainRightOperands } from "./plainMatmuls";

/** The passes by which a device's graphs differ from everybody's. */
const ownPasses: { readonly [D in TfjsDevice]?: (graph: Graph) => Graph } = {
  wasm: plainMatmuls,
  webgl: accurateSines,
  webgpu: (graph) => plainRightOperands(accurateSines(graph)),
};

/**
 * What a device runs: primitives and the composites that it has kernels for.
 * @throws UnsupportedError for dtypes that TensorFlow.js lacks
 */
export function lowerGraph(graph: Graph, device: TfjsDevice, native: ReadonlySet<CompositeName>): Graph {
  requireDTypes(graph, "TensorFlow.js", dtypes);
  const ownPass = ownPasses[device];
  return lower(ownPass === undefined ? graph : ownPass(expandComposites(graph, native)), native);
}

/** The same for one step of a scan. */
export function lowerScanGraph(scan: Scan, device: TfjsDevice, native: ReadonlySet<CompositeName>): Scan {
  return withStep(scan, lowerGraph(stepGraph(scan), device, native));
}
