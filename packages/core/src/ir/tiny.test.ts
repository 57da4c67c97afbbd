import { describe, expect, test } from "vitest";
import { backward } from "../differentiate/backward";
import { valueAndGrad } from "../differentiate/valueAndGrad";
import { compute } from "../run/reference/compute";
import { reference } from "../run/reference/reference";
import { f32, i32 } from "../trace/signature";
import { trace } from "../trace/trace";
import { constant, constantF32, input, scalar, select } from "./create";
import { hostF32, hostI32 } from "./hostTensor";
import type { F32, Tensor } from "./tensor";

// From adding two numbers up: when much is broken, the first failure here says where to begin.

const vector = (...values: number[]) => constantF32([values.length], values);
const matrix = (...rows: number[][]) => constantF32([rows.length, rows[0]!.length], rows.flat());
const ints = (...values: number[]) => constant(hostI32([values.length], values));
const valuesOf = (x: Tensor) => [...compute([x])[0]!];

describe("numbers", () => {
  test("1 + 2 is 3", () => {
    expect(valuesOf(scalar(1, "f32").add(scalar(2, "f32")))).toEqual([3]);
  });

  test("a number is an operand", () => {
    expect(valuesOf(scalar(7, "f32").sub(1).mul(2).div(4))).toEqual([3]);
  });

  test("integers divide towards 0", () => {
    expect(valuesOf(scalar(-7, "i32").div(2))).toEqual([-3]);
  });
});

describe("vectors", () => {
  test("are added element by element", () => {
    expect(valuesOf(vector(1, 2, 3).add(vector(10, 20, 30)))).toEqual([11, 22, 33]);
  });

  test("broadcast against a matrix's rows", () => {
    expect(valuesOf(matrix([1, 2], [3, 4]).mul(vector(10, 100)))).toEqual([10, 200, 30, 400]);
  });

  test("are clamped, compared and selected from", () => {
    const x = vector(-2, 0.5, 3);
    expect(valuesOf(x.clamp(-1, 1))).toEqual([-1, 0.5, 1]);
    expect(valuesOf(x.less(0.5))).toEqual([1, 0, 0]);
    expect(valuesOf(select(x.less(0), x.neg(), x))).toEqual([2, 0.5, 3]);
  });

  test("are gathered by index", () => {
    expect(valuesOf(vector(10, 20, 30).gather(ints(2, 0, 2)))).toEqual([30, 10, 30]);
  });
});

describe("matrices", () => {
  const x = matrix([1, 2, 3], [4, 5, 6]);

  test("are summed, averaged and searched along an axis", () => {
    expect(valuesOf(x.sum([0]))).toEqual([5, 7, 9]);
    expect(valuesOf(x.mean([-1]))).toEqual([2, 5]);
    expect(valuesOf(x.amax())).toEqual([6]);
    expect(x.sum([0], { keepDims: true }).shape).toEqual([1, 3]);
  });

  test("are transposed, reshaped, sliced and padded", () => {
    expect(valuesOf(x.transpose([1, 0]))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(x.reshape([3, -1]).shape).toEqual([3, 2]);
    expect(valuesOf(x.slice(1, 1, 3))).toEqual([2, 3, 5, 6]);
    expect(valuesOf(x.slice(1, 0, 1).pad([0, 1], [1, 0]))).toEqual([0, 1, 0, 4, 0, 0]);
  });

  test("are multiplied", () => {
    expect(valuesOf(x.matmul(matrix([1, 0], [0, 1], [1, 1])))).toEqual([4, 5, 10, 11]);
    expect(valuesOf(x.matmul(x, { transposeB: true }))).toEqual([14, 32, 32, 77]);
  });
});

describe("gradients", () => {
  test("of x squared is 2 x", () => {
    const x = scalar(3, "f32");
    expect(valuesOf(backward(x.square(), scalar(1, "f32"), [x])[0]!)).toEqual([6]);
  });

  test("add up where a tensor is used twice", () => {
    const x = vector(1, 2);
    const y = x.mul(x).add(x.mul(5)).sum();
    expect(valuesOf(backward(y, scalar(1, "f32"), [x])[0]!)).toEqual([7, 9]);
  });

  test("of a sum over rows reach every row", () => {
    const x = vector(1, 2);
    const y = matrix([1, 2], [3, 4], [5, 6]).mul(x).sum();
    expect(valuesOf(backward(y, scalar(1, "f32"), [x])[0]!)).toEqual([9, 12]);
  });
});

test("a graph runs on a backend, fed by name", async () => {
  const graph = trace("affine", { x: f32([2]), n: i32([]) }, ({ x, n }) => ({ y: x.mul(n.cast("f32")).add(1) }));
  const executable = await reference().compile(graph);
  const { y } = await executable.run({ x: hostF32([2], [1, 2]), n: hostI32([], [10]) });
  expect(await y!.read()).toEqual(hostF32([2], [11, 21]));
});

test("a network of two layers learns exclusive or", () => {
  const inputs = matrix([0, 0], [0, 1], [1, 0], [1, 1]);
  const targets = matrix([0], [1], [1], [0]);
  const params = {
    w1: input("w1", f32([2, 4])),
    b1: input("b1", f32([4])),
    w2: input("w2", f32([4, 1])),
    b2: input("b2", f32([1])),
  };
  const { value, gradients } = valueAndGrad(({ w1, b1, w2, b2 }) => {
    const hidden = inputs.matmul(w1).add(b1).tanh(); // [4, 4]
    return { loss: hidden.matmul(w2).add(b2).sub(targets).square().mean() };
  }, params);
  const names = ["w1", "b1", "w2", "b2"] as const;
  const outputs: F32[] = [value.loss, ...names.map((name) => gradients[name])];

  const weights: Float64Array[] = [
    [1, -1, 0.5, 2, -1, 0.7, 1.5, -0.3],
    [0.1, 0, -0.2, 0.3],
    [0.5, -0.8, 1, 0.2],
    [0],
  ].map((values) => Float64Array.from(values));
  let loss = Infinity;
  for (let step = 0; step < 300; step++) {
    const [lossNow, ...slopes] = compute(outputs, new Map(names.map((name, i) => [params[name], weights[i]!])));
    loss = lossNow![0]!;
    slopes.forEach((slope, i) => {
      slope.forEach((s, j) => {
        weights[i]![j]! -= 0.5 * s;
      });
    });
  }
  expect(loss).toBeLessThan(1e-3);
});
