import type { Graph, Scan } from "../ir/graph";
import { stepGraph, withStep } from "../ir/graph";
import type { CompositeName } from "../ir/ops";
import { widenSensitive } from "./castPrecision";
import { commonSubexpressions } from "./commonSubexpressions";
import { expandComposites } from "./expandComposites";
import { simplify } from "./simplify";

/** What every backend does to a graph before it makes it its own: `native` names the composites that it runs itself. */
export function lower(graph: Graph, native: ReadonlySet<CompositeName>): Graph {
  return commonSubexpressions(simplify(widenSensitive(expandComposites(graph, native))));
}

/** `lower` for one step of a scan. */
export function lowerScan(scan: Scan, native: ReadonlySet<CompositeName>): Scan {
  return withStep(scan, lower(stepGraph(scan), native));
}
