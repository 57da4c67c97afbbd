import { select as choose, zeros } from "../create";
import type { GradientRule, Primitive, PrimitiveName } from "../ops";
import { broadcastShapes } from "../shape";
import { broadcastType, requireDType, requireFloat, sumTo } from "./rules";

type Unary = { [P in PrimitiveName]: Primitive<P> extends Primitive<"exp"> ? P : never }[PrimitiveName];
type Binary = { [P in PrimitiveName]: Primitive<P> extends Primitive<"add"> ? P : never }[PrimitiveName];

/** A float function applied to each element. */
function unary(gradient: GradientRule<Unary> | "none"): Primitive<Unary> {
  return {
    infer: ([x], _, fail) => {
      requireFloat(x, fail);
      return { dtype: x.dtype, shape: x.shape };
    },
    gradient,
  };
}

/** A function of two elements; its gradients are summed back over broadcast axes. */
function binary(gradient: GradientRule<Binary>): Primitive<Binary> {
  return {
    infer: ([a, b], _, fail) => broadcastType(a, b, fail),
    gradient: (g, inputs, attributes, output) => {
      const [a, b] = inputs;
      const [ga, gb] = gradient(g, inputs, attributes, output);
      return [ga && sumTo(ga, a.shape), gb && sumTo(gb, b.shape)];
    },
  };
}

const comparison: Primitive<"less" | "equal"> = {
  infer: ([a, b], _, fail) => ({ dtype: "bool", shape: broadcastType(a, b, fail).shape }),
  gradient: "none",
};

export const neg = unary((g) => [g.neg()]);
export const exp = unary((g, _x, _, y) => [g.mul(y)]);
export const log = unary((g, [x]) => [g.div(x)]);
export const sqrt = unary((g, _x, _, y) => [g.mul(0.5).div(y)]);
export const sin = unary((g, [x]) => [g.mul(x.cos())]);
export const cos = unary((g, [x]) => [g.mul(x.sin()).neg()]);
export const tanh = unary((g, _x, _, y) => [g.sub(g.mul(y.square()))]);
/** Differs: at 0, where the derivative does not exist, it is taken as -1; subgradients are free to choose. */
export const abs = unary((g, [x]) => [choose(zeros(x.dtype, x.shape).less(x), g, g.neg())]);
export const floor = unary("none");

export const add = binary((g) => [g, g]);
export const sub = binary((g) => [g, g.neg()]);
export const mul = binary((g, [a, b]) => [g.mul(b), g.mul(a)]);
export const div = binary((g, [, b], _, y) => [g.div(b), g.mul(y).div(b).neg()]);
/** At a tie the gradient goes to the first operand whole. */
export const max = binary((g, [a, b]) => {
  const none = zeros(g.dtype, g.shape);
  const second = a.less(b);
  return [choose(second, none, g), choose(second, g, none)];
});
export const min = binary((g, [a, b]) => {
  const none = zeros(g.dtype, g.shape);
  const second = b.less(a);
  return [choose(second, none, g), choose(second, g, none)];
});
export const less = comparison;
export const equal = comparison;

export const select: Primitive<"select"> = {
  infer: ([condition, a, b], _, fail) => {
    requireDType(condition, "bool", "the condition", fail);
    const { dtype, shape } = broadcastType(a, b, fail);
    return {
      dtype,
      shape: broadcastShapes(condition.shape, shape) ?? fail(`the condition [${condition.shape}] does not broadcast`),
    };
  },
  gradient: (g, [condition, a, b]) => {
    const none = zeros(g.dtype, g.shape);
    const mask = condition as unknown as ReturnType<typeof g.less>;
    return [undefined, sumTo(choose(mask, g, none), a.shape), sumTo(choose(mask, none, g), b.shape)];
  },
};

export const cast: Primitive<"cast"> = {
  infer: ([x], { to }) => ({ dtype: to, shape: x.shape }),
  gradient: (g, [x]) => [g.cast(x.dtype)],
};

export const barrier: Primitive<"barrier"> = {
  infer: ([x]) => ({ dtype: x.dtype, shape: x.shape }),
  gradient: (g, [, ...after]) => [g, ...after.map(() => undefined)],
};

export const stopGradient: Primitive<"stopGradient"> = {
  infer: ([x]) => ({ dtype: x.dtype, shape: x.shape }),
  gradient: "none",
};
