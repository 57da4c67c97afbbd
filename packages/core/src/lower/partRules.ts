import type { AttributesOf, OpName } from "../ir/ops";
import type { Tensor } from "../ir/tensor";

/** How one part of a node reads an input: the same part of it, or all of it. */
type Use = "part" | "shared";

/**
 * How the parts of a node read its inputs when it is cut along its first axis into `count` parts, sample by sample;
 * undefined when it mixes samples or has none.
 */
export function partInputs(node: Tensor, isBatched: (x: Tensor) => boolean, count: number): readonly Use[] | undefined {
  if (!node.inputs.some(isBatched) || node.rank === 0 || node.shape[0]! % count !== 0) return undefined;
  const all = (use: Use): readonly Use[] => node.inputs.map(() => use);
  const onlyFirst = (): readonly Use[] | undefined =>
    node.inputs.slice(1).some(isBatched) ? undefined : node.inputs.map((_, i) => (i === 0 ? "part" : "shared"));
  if (node.is("matmul")) {
    if (node.rank > 2) return all("part");
    return node.attributes.transposeA ? undefined : onlyFirst();
  }
  if (node.is("reduceSum") || node.is("reduceMax")) return node.attributes.axes.includes(0) ? undefined : all("part");
  if (node.is("transpose")) return node.attributes.permutation[0] === 0 ? all("part") : undefined;
  if (node.is("reshape")) return node.inputs[0].shape[0]! % count === 0 ? all("part") : undefined;
  if (node.is("slice")) return node.shape[0] === node.inputs[0].shape[0] ? all("part") : undefined;
  if (node.is("pad")) return node.shape[0] === node.inputs[0].shape[0] ? all("part") : undefined;
  if (node.is("concat")) return node.attributes.axis === 0 ? undefined : all("part");
  switch (node.op) {
    case "input":
    case "constant":
    case "barrier":
    case "gather":
    case "scatterAdd":
      return undefined;
    case "linear":
    case "conv2d":
    case "biasedConv2d":
    case "groupNorm":
      return onlyFirst();
    case "attention":
    case "maxPool2d":
    case "avgPool2d":
    case "upsampleNearest":
      return all("part");
    case "softmax":
    case "layerNorm":
    case "rmsNorm":
      return node.rank > 1 ? all("part") : undefined;
    default:
      return elementwise(node, isBatched);
  }
}

/** What broadcasts along the first axis is shared; everything else has the result's samples. */
function elementwise(node: Tensor, isBatched: (x: Tensor) => boolean): readonly Use[] | undefined {
  const uses = node.inputs.map((x): Use => (x.rank === node.rank && x.shape[0] === node.shape[0] ? "part" : "shared"));
  return node.inputs.some((x, i) => isBatched(x) && uses[i] === "shared") ? undefined : uses;
}

/** The attributes of one of `count` parts of a node. */
export function partAttributes(node: Tensor, count: number): AttributesOf<OpName> {
  const [first, ...rest] = node.shape as readonly [number, ...number[]];
  const shape = [first / count, ...rest];
  if (node.is("reshape") || node.is("broadcastTo")) return { shape };
  if (node.is("slice")) return { starts: node.attributes.starts, sizes: shape };
  return node.attributes;
}
