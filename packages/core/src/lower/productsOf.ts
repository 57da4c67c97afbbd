import { type Graph, nodesOf } from "../ir/graph";
import { sizeOf } from "../ir/shape";
import type { Tensor } from "../ir/tensor";

/** Multiply-adds of a graph's matrix products, attentions and convolutions: what `multiplyAdds` says of a DiT, counted. */
export function productsOf(graph: Graph): number {
  return nodesOf(graph).reduce((sum, node) => sum + productsOfNode(node), 0);
}

function productsOfNode(node: Tensor): number {
  const size = sizeOf(node.shape);
  if (node.is("matmul")) return size * node.inputs[0].shape.at(node.attributes.transposeA ? -2 : -1)!;
  if (node.is("linear")) return size * node.inputs[1].shape[1]!;
  if (node.is("attention")) return 2 * size * node.inputs[1].shape[1]!;
  // Cells that see padding count like the others, as everybody counts them.
  if (node.is("conv2d") || node.is("biasedConv2d")) return size * sizeOf(node.inputs[1].shape.slice(1));
  return 0;
}
