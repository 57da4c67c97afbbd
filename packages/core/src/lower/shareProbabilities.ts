import { type Graph, nodesOf } from "../ir/graph";
import type { Node, Tensor } from "../ir/tensor";
import { decomposed } from "./expandComposites";
import { rewrite } from "./rewrite";

/**
 * Takes those attentions apart whose probabilities the graph computes anyway, as their gradients do, so that both read the
 * same ones: a fused kernel would compute them for itself. Where they are many they stay fused, since what the backward pass
 * reads of the forward pass is held in between.
 */
export function shareProbabilities(graph: Graph): Graph {
  const nodes = nodesOf(graph);
  const scored = nodes.flatMap((node) => (node.is("softmax") ? [scoredTokens(node)] : []));
  const isShared = (node: Node<"attention">) =>
    areFew(node) && scored.some(([q, k]) => q === node.inputs[0] && k === node.inputs[1]);
  const shared = new Set<Tensor>(nodes.filter((node) => node.is("attention") && isShared(node)));
  if (shared.size === 0) return graph;
  return rewrite(graph, (node, original) => (node.is("attention") && shared.has(original) ? decomposed(node) : node));
}

/** Probabilities [N, H, T, S] that are no more than an MLP's hidden values, which are held as well: four widths to a token. */
function areFew({ inputs: [q, k], attributes: { heads } }: Node<"attention">): boolean {
  return heads * k.shape[1]! <= 4 * q.shape[2]!;
}

/** The queries and keys whose scores a softmax is of; what else it may be of, where it is of something else. */
function scoredTokens({ inputs: [scores] }: Node<"softmax">): readonly (Tensor | undefined)[] {
  if (!scores.is("matmul")) return [];
  const [query, key] = scores.inputs.map(beforeHeads);
  return [query!.is("mul") ? query.inputs[0] : undefined, key];
}

/** The tokens that were split into heads. */
function beforeHeads(x: Tensor): Tensor {
  return x.is("transpose") || x.is("reshape") ? beforeHeads(x.inputs[0]) : x;
}
