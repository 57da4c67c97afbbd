import { type Graph, topologicalOrder } from "../ir/graph";
import { Tensor } from "../ir/tensor";

/**
 * What takes the place of a node whose inputs are rewritten already; the node itself to keep it.
 * @param original the node as it was before
 */
export type Change = (node: Tensor, original: Tensor) => Tensor;

/** Rebuilds a graph bottom-up. */
export function rewrite(graph: Graph, change: Change): Graph {
  const outputs = rewriteTensors(
    graph.outputs.map(({ tensor }) => tensor),
    change,
  );
  return { ...graph, outputs: graph.outputs.map(({ name }, i) => ({ name, tensor: outputs[i]! })) };
}

/** Rebuilds tensors bottom-up, down to `leaves`, which stay as they are. */
export function rewriteTensors(outputs: readonly Tensor[], change: Change, leaves: readonly Tensor[] = []): Tensor[] {
  const replaced = new Map<Tensor, Tensor>(leaves.map((leaf) => [leaf, leaf]));
  for (const node of topologicalOrder(outputs, (node) => replaced.has(node))) {
    if (replaced.has(node)) continue;
    const inputs = node.inputs.map((x) => replaced.get(x)!);
    const moved = inputs.every((x, i) => x === node.inputs[i]) ? node : withInputs(node, inputs);
    replaced.set(node, change(moved, node));
  }
  return outputs.map((output) => replaced.get(output)!);
}

/** The same operation on other inputs of the same types. */
export function withInputs(node: Tensor, inputs: readonly Tensor[]): Tensor {
  return new Tensor(node.op, inputs, node.attributes, node.dtype, node.shape, node.scope);
}
