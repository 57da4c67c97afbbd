import { sigmoid as applySigmoid, scalar } from "../create";
import type { Composite, CompositeName } from "../ops";
import { requireFloat } from "../primitives/rules";

type Activation = { [C in CompositeName]: Composite<C> extends Composite<"gelu"> ? C : never }[CompositeName];

/** The type rule of functions applied to each element of a float tensor. */
export const elementwise: Composite<Activation>["infer"] = ([x], _, fail) => {
  requireFloat(x, fail);
  return { dtype: x.dtype, shape: x.shape };
};

export const sigmoid: Composite<"sigmoid"> = {
  infer: elementwise,
  decompose: ([x]) => scalar(1, x.dtype).div(x.neg().exp().add(1)),
  gradient: (g, _x, _, y) => [g.mul(y.sub(y.square()))],
};

export const silu: Composite<"silu"> = {
  infer: elementwise,
  decompose: ([x]) => x.mul(applySigmoid(x)),
};

const linearTerm = Math.sqrt(2 / Math.PI);
const cubicTerm = linearTerm * 0.044715;

/**
 * x/2 (1 + tanh u) with u = sqrt(2/pi) (x + 0.044715 x^3): the approximation the DiT's MLP uses (arXiv 1606.08415,
 * section 2). The gradient uses (1 + tanh u)/2 = sigmoid(2u), which needs fewer passes over memory.
 */
export const gelu: Composite<"gelu"> = {
  infer: elementwise,
  decompose: ([x]) => x.mul(x.square().mul(cubicTerm).add(linearTerm).mul(x).tanh().add(1)).mul(0.5),
  gradient: (g, [x], _, y) => {
    const squared = x.square();
    const s = applySigmoid(
      squared
        .mul(2 * cubicTerm)
        .add(2 * linearTerm)
        .mul(x),
    );
    const slope = squared.mul(6 * cubicTerm).add(2 * linearTerm);
    return [g.mul(s.add(y.sub(y.mul(s)).mul(slope)))];
  },
};
