import type { F32, Graph, Tensor } from "@dit/core";
import { inScope, rewrite, sizeOf } from "@dit/core/internal";

/**
 * Transposes the operands of matrix products beforehand, or the product afterwards, whichever moves fewer numbers: for
 * devices whose product is slow, or wrong, when it has to read an operand the other way round.
 */
export function plainMatmuls(graph: Graph): Graph {
  return rewrite(graph, (node) => {
    if (!node.is("matmul")) return node;
    const { transposeA, transposeB } = node.attributes;
    if (!transposeA && !transposeB) return node;
    return inScope(node.scope, () => plainMatmul(node.inputs[0] as F32, node.inputs[1] as F32, transposeA, transposeB));
  });
}

/** The same for right operands only, for devices that read four numbers of a row at once, which only a plain one has. */
export function plainRightOperands(graph: Graph): Graph {
  return rewrite(graph, (node) => {
    if (!node.is("matmul") || !node.attributes.transposeB) return node;
    const [a, b] = node.inputs as readonly [F32, F32];
    const { transposeA } = node.attributes;
    return inScope(node.scope, () => a.matmul(turned(b, true), { transposeA }));
  });
}

/** a b, or (b^T a^T)^T, in which each transpose that the operands come with costs nothing. */
function plainMatmul(a: F32, b: F32, transposeA: boolean, transposeB: boolean): Tensor {
  const [m, n] = [a.shape.at(transposeA ? -1 : -2)!, b.shape.at(transposeB ? -2 : -1)!];
  const product = sizeOf(a.shape.slice(0, -2)) * m * n;
  const direct = cost(a, transposeA) + cost(b, transposeB);
  const reversed = cost(a, !transposeA) + cost(b, !transposeB) + product;
  return direct <= reversed
    ? turned(a, transposeA).matmul(turned(b, transposeB))
    : turned(turned(b, !transposeB).matmul(turned(a, !transposeA)), true);
}

function cost(x: F32, isTurned: boolean): number {
  return isTurned ? sizeOf(x.shape) : 0;
}

/** The last two axes swapped. */
function turned(x: F32, isTurned: boolean): F32 {
  if (!isTurned) return x;
  const axes = x.shape.map((_, axis) => axis);
  return x.transpose([...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}
