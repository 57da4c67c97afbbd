import type { Composite } from "../ops";
import type { F32 } from "../tensor";
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
    const c = centred(x);
    return c.div(rootMeanSquare(c, epsilon));
  },
  gradient: (g, [x], { epsilon }, y) => [
    centred(g)
      .sub(y.mul(meanOf(g.mul(y))))
      .div(rootMeanSquare(centred(x), epsilon)),
  ],
};

/** Layer normalisation without the centring (arXiv 1910.07467). */
export const rmsNorm: Composite<"rmsNorm"> = {
  infer: ([x], _, fail) => elementwise([x], {}, fail),
  decompose: ([x], { epsilon }) => x.div(rootMeanSquare(x, epsilon)),
  gradient: (g, [x], { epsilon }, y) => [g.sub(y.mul(meanOf(g.mul(y)))).div(rootMeanSquare(x, epsilon))],
};

function centred(x: F32): F32 {
  return x.sub(meanOf(x));
}

/** [..., D] -> [..., 1] */
function rootMeanSquare(x: F32, epsilon: number): F32 {
  return meanOf(x.square()).add(epsilon).sqrt();
}

/** [..., D] -> [..., 1] */
function meanOf(x: F32): F32 {
  return x.mean([-1], { keepDims: true });
}
