import { apply } from "../ir/apply";
import type { Graph } from "../ir/graph";
import { inScope } from "../ir/scope";
import { broadcastShapes, sameShape } from "../ir/shape";
import type { Tensor } from "../ir/tensor";
import { joinPads } from "./joinPads";
import { rewrite, withInputs } from "./rewrite";

/**
 * Drops what reverse mode leaves behind and no runtime should have to do: broadcasts that a binary operation does by
 * itself, chains of reshapes, transposes that cancel, sums of padded parts, products with 1 and
 * sums with 0, stopGradient.
 */
export function simplify(graph: Graph): Graph {
  return rewrite(graph, (node) => inScope(node.scope, () => simplified(node)));
}

function simplified(node: Tensor): Tensor {
  const x = node.inputs[0]!;
  if (node.is("stopGradient")) return x;
  if (node.is("reshape")) return reshaped(x, node);
  if (node.is("transpose") && x.is("transpose")) {
    const { permutation } = x.attributes;
    const both = node.attributes.permutation.map((axis) => permutation[axis]!);
    return both.every((axis, i) => axis === i) ? x.inputs[0] : x.inputs[0].transpose(both);
  }
  if (node.is("neg") && x.is("neg")) return x.inputs[0];
  if (node.is("add")) {
    const joined = joinPads(node);
    if (joined !== node) return joined;
  }
  if (isBroadcasting(node)) return withoutIdentity(withoutBroadcasts(node));
  return node;
}

function reshaped(x: Tensor, node: Tensor): Tensor {
  const source = x.is("reshape") ? x.inputs[0] : x;
  if (sameShape(source.shape, node.shape)) return source;
  return source === x ? node : apply("reshape", [source], { shape: node.shape });
}

function isBroadcasting(node: Tensor): boolean {
  switch (node.op) {
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "max":
    case "min":
      return true;
    default:
      return false;
  }
}

/** Uses what a broadcast operand was broadcast from, where the result keeps its shape. */
function withoutBroadcasts(node: Tensor): Tensor {
  const [a, b] = node.inputs as readonly [Tensor, Tensor];
  for (const [i, x, other] of [
    [0, a, b],
    [1, b, a],
  ] as const) {
    if (!x.is("broadcastTo")) continue;
    const source = x.inputs[0];
    const shape = broadcastShapes(source.shape, other.shape);
    if (shape !== undefined && sameShape(shape, node.shape)) {
      return withoutBroadcasts(withInputs(node, i === 0 ? [source, other] : [other, source]));
    }
  }
  return node;
}

function withoutIdentity(node: Tensor): Tensor {
  const [a, b] = node.inputs as readonly [Tensor, Tensor];
  const keeps = (x: Tensor) => sameShape(x.shape, node.shape);
  if ((node.op === "mul" || node.op === "div") && isScalar(b, 1) && keeps(a)) return a;
  if ((node.op === "add" || node.op === "sub") && isScalar(b, 0) && keeps(a)) return a;
  if (node.op === "mul" && isScalar(a, 1) && keeps(b)) return b;
  if (node.op === "add" && isScalar(a, 0) && keeps(b)) return b;
  return node;
}

function isScalar(x: Tensor, value: number): boolean {
  return (
    x.is("constant") &&
    x.attributes.value.data.length === 1 &&
    x.attributes.value.data[0] === value &&
    x.dtype === "f32"
  );
}
