import { type Graph, topologicalOrder } from "../ir/graph";
import type { Tensor } from "../ir/tensor";

/** The order in which a graph is computed. A value is born at its position in `order`. */
export interface Schedule {
  readonly order: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** For each position of `order`, the values that nothing needs after it. Outputs are in none. */
  readonly deaths: readonly (readonly Tensor[])[];
}

/**
 * An order for a graph, and the last use of each value in it. Depth first from the newest node to the oldest, the newest
 * input of a node before the others. A train step asks last for the norm of its gradients, so a weight's gradient is
 * made as soon as the backward pass comes by; the other way round, it would be made when the optimiser asks for it, and
 * keep alive until then what it is made from. onnxruntime orders nodes by the same rule.
 */
export function schedule(graph: Pick<Graph, "outputs">): Schedule {
  const outputs = graph.outputs.map(({ tensor }) => tensor);
  const age = new Map(topologicalOrder(outputs).map((node, i) => [node, i]));
  const newestFirst = (tensors: readonly Tensor[]) => [...tensors].sort((a, b) => age.get(b)! - age.get(a)!);
  const order = topologicalOrder(
    newestFirst(outputs),
    () => false,
    (node) => newestFirst(node.inputs),
  );
  return { order, outputs, deaths: lastUses(order, outputs) };
}

/** At each position, the values used there and never again. */
function lastUses(order: readonly Tensor[], outputs: readonly Tensor[]): Tensor[][] {
  const needed = new Set(outputs);
  const deaths: Tensor[][] = order.map(() => []);
  for (let i = order.length - 1; i >= 0; i--) {
    for (const x of order[i]!.inputs) {
      if (needed.has(x)) continue;
      needed.add(x);
      deaths[i]!.push(x);
    }
  }
  return deaths;
}
