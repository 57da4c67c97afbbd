import { type Node, sizeOf } from "@dit/core/internal";

/** A sum over neighbouring axes as one over the middle axis of [groups, size, width]; no size for one over others. */
export function neighboursOf({
  attributes: { axes },
  inputs: [{ shape }],
}: Node<"reduceSum">): [number, number, number] {
  const first = Math.min(...axes);
  const end = Math.max(...axes) + 1;
  if (end - first !== axes.length) return [1, 1, 1];
  return [sizeOf(shape.slice(0, first)), sizeOf(shape.slice(first, end)), sizeOf(shape.slice(end))];
}
