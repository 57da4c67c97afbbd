import { definition, isComposite } from "../ir/apply";
import { composites } from "../ir/composites/table";
import { zeros } from "../ir/create";
import { isFloat } from "../ir/dtype";
import { DitError } from "../ir/errors";
import { topologicalOrder } from "../ir/graph";
import type { GradientRule, OpName } from "../ir/ops";
import { inScope } from "../ir/scope";
import type { F32, Tensor } from "../ir/tensor";
import { recomputed, type Segment, type SegmentOf } from "./recompute";

export interface BackwardOptions {
  /** What is computed again in the backward pass instead of being kept; by default nothing. */
  readonly recompute?: SegmentOf;
}

/**
 * Reverse mode: the gradients of `output` with respect to each tensor of `wrt`, as new nodes of the same graph.
 * `seed` is the gradient of whatever follows with respect to `output`. Tensors of `wrt` are leaves: what they were made
 * from does not count. Tensors that `output` does not depend on have a gradient of zeros.
 */
export function backward(
  output: F32,
  seed: F32,
  wrt: readonly Tensor[],
  { recompute = () => undefined }: BackwardOptions = {},
): F32[] {
  const leaves = new Set(wrt);
  const order = topologicalOrder([output], (node) => leaves.has(node));
  const active = dependants(order, leaves);
  const gradients = new Map<Tensor, F32>([[output, seed]]);
  const segmentOf: SegmentOf = (node) => (node.inputs.length === 0 || leaves.has(node) ? undefined : recompute(node));
  const segments = new Map<string, Segment>();
  /** Tensors before a segment whose gradient it has added to since the last segment was entered. */
  const left = new Set<Tensor>();

  /** The node and its gradient as its gradient rule should see them. */
  const seen = (node: Tensor, gradient: F32): readonly [Tensor, F32] => {
    const name = segmentOf(node);
    if (name === undefined) return [node, gradient];
    const known = segments.get(name);
    if (known !== undefined) return [known.copies.get(node)!, gradient];
    left.delete(node);
    const finished = [...left].map((x) => gradients.get(x)!);
    const segment = recomputed(order, (other) => segmentOf(other) === name, gradient, finished);
    left.clear();
    segments.set(name, segment);
    return [segment.copies.get(node)!, segment.gradient];
  };

  for (const node of order.toReversed()) {
    const arrived = gradients.get(node);
    if (arrived === undefined || leaves.has(node) || !active.has(node)) continue;
    const inputGradients = inScope(node.scope, () => gradientsOfInputs(...seen(node, arrived)));
    node.inputs.forEach((x, i) => {
      const g = inputGradients[i];
      if (g === undefined || !active.has(x)) return;
      const sum = gradients.get(x);
      gradients.set(x, sum === undefined ? g : inScope(x.scope, () => sum.add(g)));
      if (leaves.has(x) || segmentOf(x) !== segmentOf(node)) left.add(x);
    });
  }
  return wrt.map((x) => {
    if (!isFloat(x.dtype)) throw new DitError(`cannot differentiate with respect to a tensor of ${x.dtype}`);
    return gradients.get(x) ?? (zeros(x.dtype, x.shape) as F32);
  });
}

/** The nodes through which a change of a leaf can reach the output. */
function dependants(order: readonly Tensor[], leaves: ReadonlySet<Tensor>): Set<Tensor> {
  const active = new Set<Tensor>(leaves);
  for (const node of order) {
    if (isFloat(node.dtype) && node.op !== "stopGradient" && node.inputs.some((x) => active.has(x))) active.add(node);
  }
  return active;
}

function gradientsOfInputs(node: Tensor, gradient: F32): readonly (F32 | undefined)[] {
  const rule = definition(node.op).gradient as GradientRule<OpName> | "none" | undefined;
  if (rule === "none") return [];
  const inputs = node.inputs as readonly F32[];
  if (rule !== undefined) {
    return rule(gradient, inputs as never, node.attributes, node as F32) as unknown as readonly (F32 | undefined)[];
  }
  if (!isComposite(node.op)) throw new DitError(`${node.op} has no gradient`);
  const decomposition = composites[node.op].decompose(inputs as never, node.attributes as never);
  const found = backward(decomposition, gradient, inputs);
  // An input that is there twice has got the whole of its gradient in the first place.
  return inputs.map((x, i) => (inputs.indexOf(x) === i ? found[i] : undefined));
}
