import { backward, type F32, scalar, type Tensor } from "@dit/core";
import { input, isFloat } from "@dit/core/internal";
import { describe, expect, test } from "vitest";
import { compute } from "../../../core/src/run/reference/compute";
import { allCases, caseValues, forwardGraph, type NamedCase } from "./caseGraphs";
import { real } from "./caseInputs";

type Values = Map<Tensor, Float64Array>;

const differentiable = allCases.filter(({ op, inputs, ...one }) => {
  const floats = inputs.some(({ dtype }) => isFloat(dtype));
  return floats && op !== "stopGradient" && isFloat(forwardGraph({ op, inputs, ...one }).y.dtype);
});

describe("the gradient of every operation equals its central difference", () => {
  test.each(differentiable)("$name", (one) => {
    const { f, wrt, values } = weightedSum(one);
    expect(gradientError(f, wrt, values)).toBeLessThan(1e-6);
  });
});

describe("the gradient of the gradient equals its central difference", () => {
  test.each(differentiable)("$name", (one) => {
    const { f, wrt, values } = weightedSum(one);
    const slope = backward(f, scalar(1, "f32"), wrt)
      .map((g, i) => {
        const direction = input(`v${i}`, { dtype: "f32", shape: g.shape });
        values.set(direction, real(g.shape).values(`${one.name}/v${i}`));
        return g.mul(direction).sum();
      })
      .reduce((sum, term) => sum.add(term));
    expect(gradientError(slope, wrt, values)).toBeLessThan(1e-6);
  });
});

test("no gradient passes stopGradient", () => {
  const x = input("x", { dtype: "f32", shape: [3] }) as F32;
  const [gradient] = backward(x.stopGradient().mul(x).sum(), scalar(1, "f32"), [x]);
  expect([...compute([gradient!], new Map([[x, [1, 2, 3]]]))[0]!]).toEqual([1, 2, 3]);
});

/** A scalar function of the case's float inputs and of the weights of its output's elements. */
function weightedSum(one: NamedCase): { f: F32; wrt: F32[]; values: Values } {
  const { inputs, y } = forwardGraph(one);
  const weights = input("weights", { dtype: "f32", shape: y.shape });
  const graph = { name: one.name, inputs: [...inputs, { name: "weights", tensor: weights }], outputs: [] };
  const byName = caseValues(one, graph);
  const wrt = graph.inputs.map(({ tensor }) => tensor).filter(({ dtype }) => isFloat(dtype)) as F32[];
  const values = new Map(graph.inputs.map(({ name, tensor }) => [tensor, byName[name]!]));
  return { f: (y as F32).mul(weights).sum(), wrt, values };
}

/** Largest difference between reverse mode and central differences, relative to the largest slope. */
function gradientError(f: F32, wrt: readonly F32[], values: Values): number {
  const gradients = compute(backward(f, scalar(1, "f32"), wrt), values);
  return Math.max(
    ...wrt.map((x, i) => {
      const slopes = centralDifferences(f, x, values);
      const scale = Math.max(1e-3, ...slopes.map(Math.abs));
      return Math.max(...slopes.map((slope, j) => Math.abs(slope - gradients[i]![j]!))) / scale;
    }),
  );
}

/** Of fourth order, so that a step large enough not to drown in rounding is still exact enough. */
function centralDifferences(f: F32, x: F32, values: Values): Float64Array {
  const at = values.get(x)!;
  const step = 1e-4 * Math.min(1, Math.max(...at.map(Math.abs)) || 1);
  return at.map((_, i) => {
    const difference = (h: number) => valueNear(f, x, values, i, h) - valueNear(f, x, values, i, -h);
    return (8 * difference(step) - difference(2 * step)) / (12 * step);
  });
}

function valueNear(f: F32, x: F32, values: Values, i: number, h: number): number {
  const moved = values.get(x)!.slice();
  moved[i]! += h;
  return compute([f], new Map(values).set(x, moved))[0]![0]!;
}
