import type { AttributesOf, CompositeName, InputsOf, PrimitiveName } from "@dit/core/internal";
import { above, apart, bools, type CaseInput, exact, hostOf, ints, real } from "./caseInputs";
import {
  convolutionCases,
  groupNormCases,
  meanPoolCases,
  plainConvolutionCases,
  poolCases,
  upsamplingCases,
} from "./imageCases";

/** One use of an operation: what every backend computes like the reference, and what gradients are checked on. */
export interface Case<O extends PrimitiveName | CompositeName> {
  /** What is particular about it. */
  readonly about: string;
  readonly inputs: Each<InputsOf<O>>;
  readonly attributes: AttributesOf<O>;
}

type Each<T extends readonly unknown[]> = { readonly [K in keyof T]: CaseInput };
type Cases<O extends PrimitiveName | CompositeName> = readonly Case<O>[] | { readonly none: string };

const plain = { transposeA: false, transposeB: false };
const firstTransposed = { transposeA: true, transposeB: false };
const secondTransposed = { transposeA: false, transposeB: true };
const bothTransposed = { transposeA: true, transposeB: true };

/**
 * Uses of every operation, simplest first. An operation without a row does not compile. Values stay away from kinks, so
 * that central differences hold at all of them.
 */
export const opCases: { readonly [O in PrimitiveName | CompositeName]: Cases<O> } = {
  input: { none: "every case has inputs" },
  constant: [
    { about: "a scalar", inputs: [], attributes: { value: hostOf("f32", [], [1.5]) } },
    { about: "a matrix", inputs: [], attributes: { value: hostOf("f32", [2, 3], [1, -2, 3, 0.25, -0, 1e-30]) } },
    { about: "integers", inputs: [], attributes: { value: hostOf("i32", [3], [-7, 0, 2147483647]) } },
    { about: "bools", inputs: [], attributes: { value: hostOf("bool", [3], [1, 0, 1]) } },
  ],

  neg: onFloats(real),
  exp: onFloats(real),
  log: onFloats((shape) => above(0.2, shape)),
  sqrt: onFloats((shape) => above(0.2, shape)),
  sin: onFloats((shape) => real(shape, 6)),
  cos: onFloats((shape) => real(shape, 6)),
  tanh: [...onFloats(real), { about: "far from 0", inputs: [real([6], 40)], attributes: {} }],
  abs: onFloats((shape) => apart(shape, 0.05)),
  floor: onFloats((shape) => apart(shape, 0.05)),

  add: [...onPairs(real), ofIntegers()],
  sub: [...onPairs(real), ofIntegers()],
  mul: [...onPairs(real), ofIntegers()],
  div: [
    ...onPairs(real, (shape) => above(0.5, shape)),
    {
      about: "integers, towards 0",
      inputs: [exact("i32", [4], [7, -7, 7, -7]), exact("i32", [4], [2, 2, -2, -2])],
      attributes: {},
    },
  ],
  max: [...onPairs(apart, (shape) => apart(shape, 0.05)), ofIntegers()],
  min: [...onPairs(apart, (shape) => apart(shape, 0.05)), ofIntegers()],
  less: [...onPairs(apart, (shape) => apart(shape, 0.05)), ...ofTies(), ofIntegers()],
  equal: [...onPairs(apart, (shape) => apart(shape, 0.05)), ...ofTies(), ofIntegers()],
  select: [
    { about: "one shape", inputs: [bools([2, 3]), real([2, 3]), real([2, 3])], attributes: {} },
    { about: "a condition per row", inputs: [bools([3, 1]), real([3, 4]), real([3, 4])], attributes: {} },
    { about: "scalar branches", inputs: [bools([2, 3]), real([]), real([])], attributes: {} },
    { about: "all three broadcast", inputs: [bools([2, 1, 1]), real([3, 1]), real([4])], attributes: {} },
    { about: "integers", inputs: [bools([3]), ints([3], 5), ints([3], 5)], attributes: {} },
  ],

  cast: [
    { about: "f32 to f32", inputs: [real([2, 3])], attributes: { to: "f32" } },
    {
      about: "f32 to i32, towards 0",
      inputs: [exact("f32", [4], [1.75, -1.75, 0.5, -0.5])],
      attributes: { to: "i32" },
    },
    { about: "i32 to f32", inputs: [ints([2, 3], 999)], attributes: { to: "f32" } },
    { about: "bool to f32", inputs: [bools([5])], attributes: { to: "f32" } },
    { about: "bool to i32", inputs: [bools([5])], attributes: { to: "i32" } },
    { about: "i32 to bool", inputs: [exact("i32", [3], [0, 2, -1])], attributes: { to: "bool" } },
  ],
  stopGradient: onFloats(real),
  barrier: [
    { about: "after a matrix", inputs: [real([2, 3]), real([3, 2])], attributes: {} },
    { about: "a scalar after a scalar", inputs: [real([]), real([])], attributes: {} },
    { about: "integers after several", inputs: [ints([4], 9), real([2]), bools([1]), ints([], 3)], attributes: {} },
    {
      about: "after what is no number",
      inputs: [real([2, 2]), exact("f32", [1], [Number.NaN]), exact("f32", [2], [Infinity, 0])],
      attributes: {},
    },
  ],

  matmul: [
    { about: "2-D", inputs: [real([2, 3]), real([3, 4])], attributes: plain },
    { about: "2-D, first transposed", inputs: [real([3, 2]), real([3, 4])], attributes: firstTransposed },
    { about: "2-D, second transposed", inputs: [real([2, 3]), real([4, 3])], attributes: secondTransposed },
    { about: "2-D, both transposed", inputs: [real([3, 2]), real([4, 3])], attributes: bothTransposed },
    { about: "a row times a column", inputs: [real([1, 5]), real([5, 1])], attributes: plain },
    { about: "an outer product", inputs: [real([3, 1]), real([1, 4])], attributes: plain },
    { about: "batched", inputs: [real([2, 2, 3]), real([2, 3, 2])], attributes: plain },
    { about: "batched, first transposed", inputs: [real([2, 3, 2]), real([2, 3, 2])], attributes: firstTransposed },
    { about: "batched, second transposed", inputs: [real([2, 2, 3]), real([2, 2, 3])], attributes: secondTransposed },
    { about: "batched, both transposed", inputs: [real([2, 3, 2]), real([2, 4, 3])], attributes: bothTransposed },
    { about: "two leading axes", inputs: [real([2, 2, 2, 3]), real([2, 2, 2, 3])], attributes: secondTransposed },
  ],

  conv2d: plainConvolutionCases,
  maxPool2d: poolCases(apart),

  reduceSum: [...reductions(real), { about: "integers", inputs: [ints([2, 3], 9)], attributes: { axes: [1] } }],
  reduceMax: reductions(apart),

  reshape: [
    { about: "fewer axes", inputs: [real([2, 3, 2])], attributes: { shape: [6, 2] } },
    { about: "more axes", inputs: [real([6])], attributes: { shape: [1, 2, 3] } },
    { about: "to a scalar", inputs: [real([1, 1])], attributes: { shape: [] } },
    { about: "from a scalar", inputs: [real([])], attributes: { shape: [1, 1] } },
    { about: "bools", inputs: [bools([2, 2])], attributes: { shape: [4] } },
  ],
  transpose: [
    { about: "a matrix", inputs: [real([2, 3])], attributes: { permutation: [1, 0] } },
    { about: "three axes in a circle", inputs: [real([2, 3, 4])], attributes: { permutation: [2, 0, 1] } },
    { about: "as heads are split", inputs: [real([2, 3, 2, 2])], attributes: { permutation: [0, 2, 1, 3] } },
    {
      about: "as patches are cut",
      inputs: [real([1, 2, 2, 2, 2, 2])],
      attributes: { permutation: [0, 2, 4, 1, 3, 5] },
    },
    { about: "nothing moved", inputs: [real([2, 3])], attributes: { permutation: [0, 1] } },
    { about: "integers", inputs: [ints([2, 3], 9)], attributes: { permutation: [1, 0] } },
  ],
  broadcastTo: [
    { about: "from a scalar", inputs: [real([])], attributes: { shape: [2, 3] } },
    { about: "from a row", inputs: [real([3])], attributes: { shape: [2, 3] } },
    { about: "from a column", inputs: [real([3, 1])], attributes: { shape: [2, 3, 4] } },
    { about: "an inner axis", inputs: [real([2, 1, 3])], attributes: { shape: [2, 4, 3] } },
    { about: "bools", inputs: [bools([2, 1])], attributes: { shape: [2, 3] } },
  ],
  slice: [
    { about: "a vector", inputs: [real([5])], attributes: { starts: [1], sizes: [3] } },
    { about: "one axis", inputs: [real([2, 6])], attributes: { starts: [0, 2], sizes: [2, 2] } },
    { about: "several axes", inputs: [real([3, 4, 5])], attributes: { starts: [1, 0, 2], sizes: [2, 4, 1] } },
    { about: "all of it", inputs: [real([2, 3])], attributes: { starts: [0, 0], sizes: [2, 3] } },
    { about: "integers", inputs: [ints([5], 9)], attributes: { starts: [2], sizes: [3] } },
  ],
  pad: [
    { about: "a vector", inputs: [real([3])], attributes: { before: [1], after: [2] } },
    { about: "one axis", inputs: [real([2, 3])], attributes: { before: [0, 2], after: [0, 1] } },
    { about: "every axis", inputs: [real([2, 1, 2])], attributes: { before: [1, 0, 1], after: [0, 2, 1] } },
    { about: "nothing", inputs: [real([2, 2])], attributes: { before: [0, 0], after: [0, 0] } },
  ],
  concat: [
    { about: "vectors", inputs: [real([2]), real([3])], attributes: { axis: 0 } },
    {
      about: "three matrices side by side",
      inputs: [real([2, 1]), real([2, 2]), real([2, 3])],
      attributes: { axis: 1 },
    },
    { about: "an inner axis", inputs: [real([2, 1, 2]), real([2, 2, 2])], attributes: { axis: 1 } },
    { about: "integers", inputs: [ints([2], 9), ints([3], 9)], attributes: { axis: 0 } },
  ],

  gather: [
    { about: "rows", inputs: [real([4, 3]), ints([5], 4)], attributes: {} },
    { about: "one row by a scalar", inputs: [real([4, 3]), ints([], 4)], attributes: {} },
    { about: "numbers", inputs: [real([6]), ints([2, 2], 6)], attributes: {} },
    { about: "matrices by a matrix", inputs: [real([3, 2, 2]), ints([2, 3], 3)], attributes: {} },
    { about: "the same row again and again", inputs: [real([3, 2]), exact("i32", [3], [1, 1, 1])], attributes: {} },
    { about: "integers", inputs: [ints([5], 99), ints([3], 5)], attributes: {} },
  ],
  scatterAdd: [
    { about: "rows", inputs: [exact("i32", [2], [2, 0]), real([2, 3])], attributes: { rows: 3 } },
    { about: "rows that meet", inputs: [exact("i32", [4], [1, 0, 1, 1]), real([4, 2])], attributes: { rows: 4 } },
    { about: "numbers", inputs: [ints([5], 3), real([5])], attributes: { rows: 3 } },
    { about: "one row by a scalar", inputs: [ints([], 3), real([2])], attributes: { rows: 3 } },
    { about: "matrices by a matrix", inputs: [ints([2, 2], 3), real([2, 2, 2, 2])], attributes: { rows: 3 } },
  ],

  sigmoid: activations(),
  silu: activations(),
  gelu: activations(),
  softmax: [
    { about: "a vector", inputs: [real([5])], attributes: {} },
    { about: "rows", inputs: [real([2, 3, 4])], attributes: {} },
    { about: "one element", inputs: [real([3, 1])], attributes: {} },
    { about: "exponentials that overflow", inputs: [exact("f32", [2, 2], [1000, 999, -1000, -1001])], attributes: {} },
  ],
  layerNorm: normalizations(),
  rmsNorm: [...normalizations(), { about: "heads", inputs: [real([2, 3, 2, 4])], attributes: { epsilon: 1e-6 } }],
  linear: [
    { about: "rows", inputs: [real([2, 3]), real([4, 3]), real([4])], attributes: {} },
    { about: "tokens", inputs: [real([2, 2, 3]), real([4, 3]), real([4])], attributes: {} },
    { about: "a vector", inputs: [real([3]), real([2, 3]), real([2])], attributes: {} },
    { about: "one channel", inputs: [real([3, 1]), real([1, 1]), real([1])], attributes: {} },
  ],
  biasedConv2d: convolutionCases,
  avgPool2d: meanPoolCases,
  upsampleNearest: upsamplingCases,
  groupNorm: groupNormCases,
  attention: [
    { about: "one head", inputs: [real([1, 3, 4]), real([1, 3, 4]), real([1, 3, 4])], attributes: { heads: 1 } },
    { about: "several heads", inputs: [real([2, 3, 4]), real([2, 3, 4]), real([2, 3, 4])], attributes: { heads: 2 } },
    { about: "other keys", inputs: [real([2, 2, 4]), real([2, 3, 4]), real([2, 3, 4])], attributes: { heads: 2 } },
    { about: "one token", inputs: [real([1, 1, 4]), real([1, 1, 4]), real([1, 1, 4])], attributes: { heads: 2 } },
  ],
};

type Draw = (shape: readonly number[]) => CaseInput;
interface UnaryCase {
  readonly about: string;
  readonly inputs: readonly [CaseInput];
  readonly attributes: Readonly<Record<never, never>>;
}
interface BinaryCase extends Omit<UnaryCase, "inputs"> {
  readonly inputs: readonly [CaseInput, CaseInput];
}

function onFloats(draw: Draw): readonly UnaryCase[] {
  return [
    { about: "a scalar", inputs: [draw([])], attributes: {} },
    { about: "a matrix", inputs: [draw([3, 4])], attributes: {} },
  ];
}

function activations(): readonly UnaryCase[] {
  return [...onFloats(real), { about: "far from 0", inputs: [real([6], 60)], attributes: {} }];
}

function normalizations() {
  const over = (about: string, x: CaseInput, epsilon = 1e-6) => ({
    about,
    inputs: [x] as const,
    attributes: { epsilon },
  });
  return [
    over("a vector", real([5])),
    over("tokens", real([2, 3, 4])),
    over("a large epsilon", real([2, 4]), 0.1),
    over("small values", real([2, 4], 0.001)),
  ];
}

function onPairs(first: Draw, second: Draw = first): readonly BinaryCase[] {
  const pair = (about: string, a: readonly number[], b: readonly number[]): BinaryCase => ({
    about,
    inputs: [first(a), second(b)],
    attributes: {},
  });
  return [
    pair("scalars", [], []),
    pair("one shape", [2, 3], [2, 3]),
    pair("a matrix and a scalar", [2, 3], []),
    pair("a scalar and a matrix", [], [2, 3]),
    pair("a matrix and a row", [2, 3], [3]),
    pair("a column and a row", [3, 1], [1, 4]),
    pair("inner axes", [2, 1, 3], [4, 1]),
  ];
}

function ofIntegers(): BinaryCase {
  return { about: "integers", inputs: [ints([4], 9), exact("i32", [4], [3, -2, 0, 5])], attributes: {} };
}

function ofTies(): readonly BinaryCase[] {
  const values = exact("f32", [3], [1, -0, 2]);
  return [{ about: "equal numbers", inputs: [values, exact("f32", [3], [1, 0, 3])], attributes: {} }];
}

function reductions(draw: Draw) {
  const along = (about: string, shape: readonly number[], axes: readonly number[]) => ({
    about,
    inputs: [draw(shape)] as const,
    attributes: { axes },
  });
  return [
    along("a vector", [4], [0]),
    along("rows", [3, 4], [1]),
    along("columns", [3, 4], [0]),
    along("two of three axes", [2, 3, 4], [0, 2]),
    along("everything", [2, 3], [0, 1]),
    along("no axis", [2, 3], []),
    along("a scalar", [], []),
  ];
}
