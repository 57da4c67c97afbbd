import type { DType } from "../ir/dtype";
import { UnsupportedError } from "../ir/errors";
import { type Graph, nodesOf } from "../ir/graph";

/**
 * What a backend checks before it compiles a graph.
 * @throws UnsupportedError with every dtype of the graph that the backend lacks, and where each first occurs
 */
export function requireDTypes(graph: Graph, backend: string, dtypes: readonly DType[]): void {
  const missing = new Map<DType, string>();
  for (const { dtype, op, scope } of nodesOf(graph)) {
    if (!dtypes.includes(dtype) && !missing.has(dtype)) missing.set(dtype, scope === "" ? op : `${op} of ${scope}`);
  }
  if (missing.size === 0) return;
  const places = [...missing].map(([dtype, place]) => `${dtype} (first in ${place})`).join(", ");
  throw new UnsupportedError(
    `${graph.name}: ${backend} does not compute in ${places}; it does in ${dtypes.join(", ")}`,
  );
}
