import type { Graph, Scan } from "../ir/graph";
import { stepGraph, withStep } from "../ir/graph";
import type { CompositeName, OpName } from "../ir/ops";
import { widenSensitive } from "./castPrecision";
import { commonSubexpressions } from "./commonSubexpressions";
import { expandComposites } from "./expandComposites";
import { shareProbabilities } from "./shareProbabilities";
import { simplify } from "./simplify";

/**
 * What every backend does to a graph before it makes it its own.
 * @param native the composites that it runs itself
 * @param wide operations that it computes in f32 beside those that need it everywhere
 */
export function lower(graph: Graph, native: ReadonlySet<CompositeName>, wide: ReadonlySet<OpName> = new Set()): Graph {
  return commonSubexpressions(simplify(widenSensitive(expandComposites(shareProbabilities(graph), native), wide)));
}

/** `lower` for one step of a scan. */
export function lowerScan(scan: Scan, native: ReadonlySet<CompositeName>): Scan {
  return withStep(scan, lower(stepGraph(scan), native));
}
