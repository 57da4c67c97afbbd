import type { Graph } from "../ir/graph";
import type { Tensor } from "../ir/tensor";
import { rewrite } from "./rewrite";

/** Merges nodes that compute the same thing: the same operation, attributes and inputs. */
export function commonSubexpressions(graph: Graph): Graph {
  const ids = new Map<Tensor, number>();
  const known = new Map<string, Tensor>();
  return rewrite(graph, (node) => {
    const key = keyOf(node, ids, known.size);
    const same = known.get(key);
    if (same !== undefined) return same;
    ids.set(node, known.size);
    known.set(key, node);
    return node;
  });
}

/** Small constants are compared by value, large ones by identity: hashing weights would cost more than it saves. */
const largestComparedConstant = 16;

function keyOf(node: Tensor, ids: Map<Tensor, number>, fresh: number): string {
  if (node.is("constant")) {
    const { dtype, shape, data } = node.attributes.value;
    const value =
      data.length <= largestComparedConstant ? Array.from(data, (x) => (Object.is(x, -0) ? "-0" : x)) : `#${fresh}`;
    return `constant ${dtype} [${shape}] ${value}`;
  }
  return `${node.op} ${JSON.stringify(node.attributes)} ${node.inputs.map((x) => ids.get(x))}`;
}
