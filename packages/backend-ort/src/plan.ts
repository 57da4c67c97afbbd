import type { Graph, Scan, Tensor } from "@dit/core";
import {
  bytesOf,
  bytesPerElement,
  type MemoryPlan,
  memoryPlan,
  scanMemoryPlan,
  stepGraph,
  withStep,
} from "@dit/core/internal";
import { loweredGraph } from "./lower/lowerGraph";
import { providers } from "./provider";

export interface OrtPlanOptions {
  /** Names of the inputs that are bound at compile time; none by default. */
  readonly constants?: readonly string[];
  /** Inside one operation, 1 by default: by them a batch is taken apart. */
  readonly threads?: number;
}

/** What a graph will need of memory on onnxruntime's CPU provider, known without it. */
export function planGraph(graph: Graph, { constants = [], threads = 1 }: OrtPlanOptions = {}): MemoryPlan {
  return memoryPlan(loweredGraph(graph, providers.cpu.target(threads)), { constants, workspaceBytes });
}

/**
 * What a call of `steps` steps of a scan will need. onnxruntime's Loop holds the state four times when it ends: as it was
 * given, as the last step read it, as that step made it, and as the copy that it puts out.
 */
export function planScan(scan: Scan, steps: number, { constants = [], threads = 1 }: OrtPlanOptions = {}): MemoryPlan {
  const step = withStep(scan, loweredGraph(stepGraph(scan), providers.cpu.target(threads)));
  const plan = scanMemoryPlan(step, steps, { constants, workspaceBytes });
  const carryBytes = scan.carry.reduce((sum, { tensor }) => sum + bytesOf(tensor), 0);
  const valueBytes = Math.max(plan.valueBytes, 2 * carryBytes);
  return { ...plan, valueBytes, peakBytes: plan.peakBytes - plan.valueBytes + valueBytes };
}

/** The processor's attention kernel writes the scores out: [N, H, T, T]. */
function workspaceBytes(node: Tensor): number {
  if (!node.is("attention")) return 0;
  const [q, k] = node.inputs;
  return q.shape[0]! * node.attributes.heads * q.shape[1]! * k.shape[1]! * bytesPerElement[node.dtype];
}
