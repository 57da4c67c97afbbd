import { sigmoid as applySigmoid, scalar } from "../create";
import type { Composite, CompositeName } from "../ops";
import { requireFloat } from "../primitives/rules";
import type { F32 } from "../tensor";

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
 * section 2). Computed with (1 + tanh u)/2 = sigmoid(2u), which needs fewer passes over memory, and which a backend without
 * a kernel of its own computes once for the value and the gradient.
 */
export const gelu: Composite<"gelu"> = {
  infer: elementwise,
  decompose: ([x]) => x.mul(gate(x)),
  gradient: (g, [x], _, y) => {
    const s = gate(x);
    const slope = x
      .square()
      .mul(6 * cubicTerm)
      .add(2 * linearTerm);
    return [g.mul(s.add(y.sub(y.mul(s)).mul(slope)))];
  },
};

/** sigmoid(2u) */
function gate(x: F32): F32 {
  return applySigmoid(
    x
      .square()
      .mul(2 * cubicTerm)
      .add(2 * linearTerm)
      .mul(x),
  );
}
