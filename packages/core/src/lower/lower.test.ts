import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backward } from "../differentiate/backward";
import { apply, isComposite } from "../ir/apply";
import { concat, constant, constantF32, gelu, input, scalar, select, sigmoid, silu, softmax } from "../ir/create";
import { type Graph, nodesOf } from "../ir/graph";
import { hostI32 } from "../ir/hostTensor";
import type { CompositeName } from "../ir/ops";
import { inScope } from "../ir/scope";
import { broadcastShapes, sizeOf } from "../ir/shape";
import type { F32 } from "../ir/tensor";
import { verify } from "../ir/verify";
import { compute } from "../run/reference/compute";
import { commonSubexpressions } from "./commonSubexpressions";
import { expandComposites } from "./expandComposites";
import { lower } from "./lower";
import { shareProbabilities } from "./shareProbabilities";
import { simplify } from "./simplify";

const none: ReadonlySet<CompositeName> = new Set();
const some: ReadonlySet<CompositeName> = new Set(["softmax", "linear", "silu"]);

const passes: Record<string, (graph: Graph) => Graph> = {
  "expandComposites, nothing native": (graph) => expandComposites(graph, none),
  "expandComposites, some native": (graph) => expandComposites(graph, some),
  commonSubexpressions,
  shareProbabilities,
  simplify,
  "lower, nothing native": (graph) => lower(graph, none),
  "lower, some native": (graph) => lower(graph, some),
};

describe.each(Object.entries(passes))("%s", (_, pass) => {
  test("leaves every value of a random graph and its gradients as it was", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 10, maxLength: 60 }), (choices) => {
        const graph = randomGraph(choices);
        const after = pass(graph);
        verify(after);
        const [expected, actual] = [valuesOf(graph), valuesOf(after)];
        actual.forEach((values, i) => {
          values.forEach((value, j) => {
            const wanted = expected[i]![j]!;
            expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-11 * Math.max(1, Math.abs(wanted)));
          });
        });
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});

test("after lowering, the composites that are left are native, and lowering again changes nothing", () => {
  const lowered = lower(randomGraph(Array.from({ length: 60 }, (_, i) => i * 7919)), some);
  const left = new Set(
    nodesOf(lowered)
      .map(({ op }) => op)
      .filter(isComposite),
  );
  expect([...left].filter((op) => !some.has(op))).toEqual([]);
  expect(nodesOf(lower(lowered, some))).toHaveLength(nodesOf(lowered).length);
});

const inputs: readonly F32[] = [[2, 3], [3], [2, 1], [], [1, 2, 4], [2, 3]].map((shape, i) =>
  input(`x${i}`, { dtype: "f32", shape }),
);

function valuesOf(graph: Graph): Float64Array[] {
  const given = inputs.map(
    (x, i) => [x, Float64Array.from({ length: sizeOf(x.shape) }, (_, j) => Math.sin(i + 2 * j))] as const,
  );
  return compute(
    graph.outputs.map(({ tensor }) => tensor),
    new Map(given),
  );
}

/** Each three choices make one more tensor from those before it; the last ones and the gradients of one are the outputs. */
function randomGraph(choices: readonly number[]): Graph {
  const pool: F32[] = [...inputs];
  for (let i = 0; i + 2 < choices.length; i += 3) {
    const pick = (choice: number) => pool[choice % pool.length]!;
    const grow = growths[choices[i]! % growths.length]!;
    const made = inScope(`part.${i}`, () => grow(pick(choices[i + 1]!), pick(choices[i + 2]!), choices[i + 1]!));
    if (made !== undefined && sizeOf(made.shape) <= 64 && made.rank <= 4) pool.push(made);
  }
  const loss = pool.slice(inputs.length).reduce((sum, x) => sum.add(x.sum()), scalar(0, "f32"));
  const outputs = [...pool.slice(-3), loss, ...backward(loss, scalar(1, "f32"), inputs)];
  return {
    name: "random",
    inputs: inputs.map((tensor, i) => ({ name: `x${i}`, tensor })),
    outputs: outputs.map((tensor, i) => ({ name: `y${i}`, tensor })),
  };
}

type Grow = (a: F32, b: F32, choice: number) => F32 | undefined;

const ifBroadcast =
  (f: (a: F32, b: F32) => F32): Grow =>
  (a, b) =>
    broadcastShapes(a.shape, b.shape) === undefined ? undefined : f(a, b);
const ifRank =
  (rank: number, f: (a: F32, choice: number) => F32): Grow =>
  (a, _, choice) =>
    a.rank >= rank ? f(a, choice) : undefined;

/** Every way to make a tensor from others; results stay bounded, so that no value overflows. */
const growths: readonly Grow[] = [
  ifBroadcast((a, b) => a.add(b)),
  ifBroadcast((a, b) => a.sub(b)),
  ifBroadcast((a, b) => a.tanh().mul(b)),
  ifBroadcast((a, b) => a.div(b.square().add(1))),
  ifBroadcast((a, b) => a.max(b)),
  ifBroadcast((a, b) => select(a.less(b), a, b.mul(2))),
  ifBroadcast((a, b) => a.sub(b.broadcastTo(broadcastShapes(a.shape, b.shape)!))),
  ifBroadcast((a, b) => a.broadcastTo(broadcastShapes(a.shape, b.shape)!).div(b.square().add(1))),
  (a) => a.neg().neg(),
  (a) => a.mul(1).add(0),
  (a) => scalar(0, "f32").add(a).sub(0).div(1),
  (a) => a.mul(constantF32([1, 1], [1])),
  (a) => a.stopGradient().mul(a.tanh()),
  (a) => a.tanh().exp(),
  (a) => a.reshape([-1]).reshape([...a.shape].reverse()),
  (a) => a.broadcastTo([2, ...a.shape]),
  (a, _, choice) => a.transpose(a.shape.map((_, i) => (i + choice) % a.rank)),
  ifRank(1, (a) => a.transpose(a.shape.map((_, i) => a.rank - 1 - i)).transpose(a.shape.map((_, i) => a.rank - 1 - i))),
  ifRank(1, (a) => a.slice(0, 0, 1)),
  ifRank(1, (a) => concat([a.slice(-1, 0, 1).mul(2), a, a], -1)),
  ifRank(1, (a) =>
    concat(
      halves(a).map((half, i) => half.mul(i + 2)),
      -1,
    ),
  ),
  ifRank(1, (a) =>
    a.pad(
      a.shape.map((_, i) => i % 2),
      a.shape.map(() => 1),
    ),
  ),
  ifRank(1, (a, choice) => a.sum([choice % a.rank], { keepDims: choice % 2 === 0 })),
  ifRank(1, (a) => a.mean([-1], { keepDims: true })),
  ifRank(1, (a) => a.amax([-1])),
  ifRank(1, (a) => a.gather(constant(hostI32([2], [a.shape[0]! - 1, 0])))),
  ifRank(1, (a) => softmax(a)),
  ifRank(1, (a) => apply("layerNorm", [a], { epsilon: 0.1 })),
  (a) => gelu(a),
  (a) => silu(a),
  (a) => sigmoid(a),
  (a, b) =>
    a.rank === 2 && b.rank === 2 && a.shape[1] === b.shape[1] ? a.tanh().matmul(b, { transposeB: true }) : undefined,
  (a, b) =>
    a.rank >= 1 && b.rank === 2 && a.shape.at(-1) === b.shape[1]
      ? apply("linear", [a.tanh(), b, b.sum([1])], {})
      : undefined,
  (a) => (a.rank === 3 && a.shape[2]! % 2 === 0 ? apply("attention", [a.tanh(), a, a], { heads: 2 }) : undefined),
];

function halves(a: F32): F32[] {
  const [size, middle] = [a.shape.at(-1)!, Math.ceil(a.shape.at(-1)! / 2)];
  return size === 1 ? [a] : [a.slice(-1, 0, middle), a.slice(-1, middle, size)];
}
