import { scalar, select } from "../create";
import type { Primitive } from "../ops";
import { resolveAxis } from "../shape";

const infer: Primitive<"reduceSum">["infer"] = ([x], { axes }, fail) => {
  for (const axis of axes) {
    if (resolveAxis(axis, x.rank) !== axis) fail(`axis ${axis} is not one of the ${x.rank} axes`);
  }
  return { dtype: x.dtype, shape: x.shape.map((n, i) => (axes.includes(i) ? 1 : n)) };
};

export const reduceSum: Primitive<"reduceSum"> = {
  infer,
  gradient: (g, [x]) => [g.broadcastTo(x.shape)],
};

/** Where several elements tie for the largest, they share the gradient equally. */
export const reduceMax: Primitive<"reduceMax"> = {
  infer,
  gradient: (g, [x], { axes }, y) => {
    const isLargest = select(x.equal(y), scalar(1, x.dtype), scalar(0, x.dtype));
    return [isLargest.mul(g.div(isLargest.sum(axes, { keepDims: true })))];
  },
};
