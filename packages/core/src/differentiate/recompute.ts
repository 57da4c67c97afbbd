import { barrier } from "../ir/create";
import type { F32 } from "../ir/tensor";
import { Tensor } from "../ir/tensor";

/**
 * Names the segment of the forward pass that a node belongs to, such as `blocks.3`; undefined for what is kept. The
 * backward pass computes a segment again from what entered it, instead of keeping what was computed in it (gradient
 * checkpointing, arXiv 1604.06174).
 */
export type SegmentOf = (node: Tensor) => string | undefined;

/** A segment as the backward pass sees it. */
export interface Segment {
  /** The segment's nodes, computed again. */
  readonly copies: ReadonlyMap<Tensor, Tensor>;
  /** The gradient with which the backward pass enters the segment, behind a barrier. */
  readonly gradient: F32;
}

/**
 * Copies a segment for the backward pass. Everything that enters it stands behind a barrier, so that the copies are
 * not merged with the originals, and are made only when `gradient` has arrived and `finished`, the gradients that the
 * segment before has left behind, are done: without that, what those read would be kept until somebody asks for them.
 * @param order the nodes of the forward pass, each after its inputs
 */
export function recomputed(
  order: readonly Tensor[],
  isInside: (node: Tensor) => boolean,
  gradient: F32,
  finished: readonly Tensor[],
): Segment {
  const arrived = barrier(gradient, finished);
  const copies = new Map<Tensor, Tensor>();
  const entered = new Map<Tensor, Tensor>();
  const enter = (x: Tensor): Tensor => {
    if (x.is("constant")) return x;
    const held = entered.get(x) ?? barrier(x, [arrived]);
    entered.set(x, held);
    return held;
  };
  for (const node of order.filter(isInside)) {
    const inputs = node.inputs.map((x) => copies.get(x) ?? enter(x));
    copies.set(node, new Tensor(node.op, inputs, node.attributes, node.dtype, node.shape, node.scope));
  }
  return { copies, gradient: arrived };
}
