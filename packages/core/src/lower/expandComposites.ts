import { isComposite } from "../ir/apply";
import { composites } from "../ir/composites/table";
import type { Graph } from "../ir/graph";
import type { CompositeName } from "../ir/ops";
import { inScope } from "../ir/scope";
import type { Node, Tensor } from "../ir/tensor";
import { rewrite, rewriteTensors } from "./rewrite";

/** Replaces every composite that `native` does not name by its decomposition, until none is left. */
export function expandComposites(graph: Graph, native: ReadonlySet<CompositeName>): Graph {
  const expand = (node: Tensor): Tensor => {
    const { op, inputs } = node;
    if (!isComposite(op) || native.has(op)) return node;
    return rewriteTensors([decomposed(node as Node<CompositeName>)], expand, inputs)[0]!;
  };
  return rewrite(graph, expand);
}

/** One composite by simpler operations, which may be composites themselves. */
export function decomposed({ op, inputs, attributes, scope }: Node<CompositeName>): Tensor {
  return inScope(scope, () => composites[op].decompose(inputs as never, attributes as never));
}
