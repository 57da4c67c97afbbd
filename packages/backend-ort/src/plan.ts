import type { Graph, Scan, Tensor } from "@dit/core";
import { bytesPerElement, type MemoryPlan, memoryPlan, scanMemoryPlan, stepGraph, withStep } from "@dit/core/internal";
import { loweredGraph } from "./lower/lowerGraph";

/** What a graph will need of memory on onnxruntime, known without it. @param constants inputs that are bound at compile time */
export function planGraph(graph: Graph, constants: readonly string[] = []): MemoryPlan {
  return memoryPlan(loweredGraph(graph), { constants, workspaceBytes });
}

/** What a call of `steps` steps of a scan will need. */
export function planScan(scan: Scan, steps: number, constants: readonly string[] = []): MemoryPlan {
  return scanMemoryPlan(withStep(scan, loweredGraph(stepGraph(scan))), steps, { constants, workspaceBytes });
}

/** The processor's attention kernel writes the scores out: [N, H, T, T]. */
function workspaceBytes(node: Tensor): number {
  if (!node.is("attention")) return 0;
  const [q, k] = node.inputs;
  return q.shape[0]! * node.attributes.heads * q.shape[1]! * k.shape[1]! * bytesPerElement[node.dtype];
}
