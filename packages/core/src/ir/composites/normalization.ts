import type { Composite } from "../ops";
import { elementwise } from "./activations";

/** Shifted by the largest value first, so that no exponential overflows; the result does not depend on the shift. */
export const softmax: Composite<"softmax"> = {
  infer: elementwise,
  decompose: ([x]) => {
    const exponentials = x.sub(x.amax([-1], { keepDims: true }).stopGradient()).exp();
    return exponentials.div(exponentials.sum([-1], { keepDims: true }));
  },
  gradient: (g, _x, _, y) => [y.mul(g.sub(g.mul(y).sum([-1], { keepDims: true })))],
};

export const layerNorm: Composite<"layerNorm"> = {
  infer: ([x], _, fail) => elementwise([x], {}, fail),
  decompose: ([x], { epsilon }) => {
    const centred = x.sub(x.mean([-1], { keepDims: true }));
    return centred.div(centred.square().mean([-1], { keepDims: true }).add(epsilon).sqrt());
  },
  gradient: (g, [x], { epsilon }, y) => {
    const variance = x
      .sub(x.mean([-1], { keepDims: true }))
      .square()
      .mean([-1], { keepDims: true });
    const along = g.mul(y).mean([-1], { keepDims: true });
    return [
      g
        .sub(g.mean([-1], { keepDims: true }))
        .sub(y.mul(along))
        .div(variance.add(epsilon).sqrt()),
    ];
  },
};
