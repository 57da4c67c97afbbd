import type { DType } from "./dtype";
import type { HostTensor } from "./hostTensor";
import type { Shape } from "./shape";
import type { Tensor } from "./tensor";
import type { Pair, PoolAttributes, Window } from "./window";

/** What is known of a tensor before it is computed. */
export interface TensorType<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
}

/** An operation's inputs and attributes. */
interface Op<Inputs extends readonly Tensor[], Attributes = NoAttributes> {
  readonly inputs: Inputs;
  readonly attributes: Attributes;
}

export type NoAttributes = Readonly<Record<never, never>>;
type One = readonly [x: Tensor];
type Two = readonly [a: Tensor, b: Tensor];

/**
 * The primitives: everything a backend must know. Each has a shape rule and a gradient in `ir/primitives`, and each
 * backend's table is keyed by this type, so an operation that a backend lacks does not compile.
 */
export interface Primitives {
  /** A value given at run time. Inputs of one graph have distinct names. */
  input: Op<readonly [], { readonly name: string; readonly type: TensorType }>;
  constant: Op<readonly [], { readonly value: HostTensor }>;

  neg: Op<One>;
  exp: Op<One>;
  log: Op<One>;
  sqrt: Op<One>;
  sin: Op<One>;
  cos: Op<One>;
  tanh: Op<One>;
  abs: Op<One>;
  floor: Op<One>;

  /** Binary operations broadcast as NumPy does. */
  add: Op<Two>;
  sub: Op<Two>;
  mul: Op<Two>;
  div: Op<Two>;
  /** What `max`, `min` and `reduceMax` make of NaN is up to the backend; most give NaN. */
  max: Op<Two>;
  min: Op<Two>;
  less: Op<Two>;
  equal: Op<Two>;
  /** Where `condition` (bool) holds `whenTrue`, elsewhere `whenFalse`. */
  select: Op<readonly [condition: Tensor, whenTrue: Tensor, whenFalse: Tensor]>;

  cast: Op<One, { readonly to: DType }>;
  /** The identity, through which no gradient flows. */
  stopGradient: Op<One>;
  /** The identity on `x`, which exists only once each of `after` does. Nothing behind it is merged with anything before it. */
  barrier: Op<readonly [x: Tensor, ...after: Tensor[]]>;

  /** [..., M, K] x [..., K, N] -> [..., M, N] with equal leading axes; a transposed operand has its last two swapped. */
  matmul: Op<Two, { readonly transposeA: boolean; readonly transposeB: boolean }>;

  /** Images `x` [N, C, H, W] and kernels `weight` [O, C, h, w], not flipped, as PyTorch's -> [N, O, H', W']; cells of the padding are 0. */
  conv2d: Op<readonly [x: Tensor, weight: Tensor], Window & { readonly dilations: Pair }>;
  /** The largest value in each window of `x` [N, C, H, W] -> [N, C, H', W']; cells of the padding never are it. */
  maxPool2d: Op<One, PoolAttributes>;

  /** Reductions keep the reduced axes with size 1. */
  reduceSum: Op<One, { readonly axes: readonly number[] }>;
  reduceMax: Op<One, { readonly axes: readonly number[] }>;

  reshape: Op<One, { readonly shape: Shape }>;
  transpose: Op<One, { readonly permutation: readonly number[] }>;
  broadcastTo: Op<One, { readonly shape: Shape }>;
  /** The box of `sizes` that begins at `starts`. */
  slice: Op<One, { readonly starts: readonly number[]; readonly sizes: readonly number[] }>;
  /** Zeros added before and after each axis. */
  pad: Op<One, { readonly before: readonly number[]; readonly after: readonly number[] }>;
  concat: Op<readonly Tensor[], { readonly axis: number }>;

  /** Rows of `table` [V, ...rest] picked by `indices` (i32, any shape) -> [...indices, ...rest]. */
  gather: Op<readonly [table: Tensor, indices: Tensor]>;
  /** The transpose of gather: `updates` [...indices, ...rest] summed into zeros of [rows, ...rest]. */
  scatterAdd: Op<readonly [indices: Tensor, updates: Tensor], { readonly rows: number }>;
}

/**
 * The composites: operations with a decomposition into primitives, which a backend may run natively instead. Defined
 * in `ir/composites`.
 */
export interface Composites {
  sigmoid: Op<One>;
  silu: Op<One>;
  /** GELU in the tanh approximation. */
  gelu: Op<One>;
  /** Over the last axis. */
  softmax: Op<One>;
  /** Over the last axis, without affine parameters, with the biased variance. */
  layerNorm: Op<One, { readonly epsilon: number }>;
  /** Over the last axis: divided by the root of the mean square, without affine parameters. */
  rmsNorm: Op<One, { readonly epsilon: number }>;
  /** `x` [..., in] times the transpose of `weight` [out, in], plus `bias` [out] -> [..., out]. */
  linear: Op<readonly [x: Tensor, weight: Tensor, bias: Tensor]>;
  /** `conv2d` plus `bias` [O]. */
  biasedConv2d: Op<readonly [x: Tensor, weight: Tensor, bias: Tensor], AttributesOf<"conv2d">>;
  /** The mean of each window of `x` [N, C, H, W] -> [N, C, H', W'], of the padding's zeros too where `countsPadding`. */
  avgPool2d: Op<One, PoolAttributes & { readonly countsPadding: boolean }>;
  /** Each pixel of `x` [N, C, H, W] repeated to a square of `factor` by `factor`. */
  upsampleNearest: Op<One, { readonly factor: number }>;
  /** `x` [N, C, H, W] normalised over each of `groups` of channels and all places, then scaled and shifted by channel. */
  groupNorm: Op<
    readonly [x: Tensor, weight: Tensor, bias: Tensor],
    { readonly groups: number; readonly epsilon: number }
  >;
  /** Multi-head softmax attention: q, k, v [N, T, D], D split into `heads`, scores scaled by (D / heads)^-1/2 -> [N, T, D]. */
  attention: Op<readonly [q: Tensor, k: Tensor, v: Tensor], { readonly heads: number }>;
}

export interface Ops extends Primitives, Composites {}
export type PrimitiveName = keyof Primitives;
export type CompositeName = keyof Composites;
export type OpName = keyof Ops;
export type InputsOf<O extends OpName> = Ops[O]["inputs"];
export type AttributesOf<O extends OpName> = Ops[O]["attributes"];

/** A tuple of the same length, all of whose elements are `To`. */
export type Each<T extends readonly unknown[], To> = { readonly [K in keyof T]: To };

/** The gradients of an operation's inputs; undefined where none flows. */
export type GradientsOf<O extends OpName> = Each<InputsOf<O>, Tensor<"f32"> | undefined>;

/** Reverse mode of one operation: from the gradient of its output to those of its inputs. */
export type GradientRule<O extends OpName> = (
  outputGradient: Tensor<"f32">,
  inputs: FloatInputs<O>,
  attributes: AttributesOf<O>,
  output: Tensor<"f32">,
) => GradientsOf<O>;

/** A gradient rule only ever sees float tensors where it does arithmetic, so it may chain their methods. */
type FloatInputs<O extends OpName> = Each<InputsOf<O>, Tensor<"f32">>;

export interface Primitive<P extends PrimitiveName> {
  /** The type of the output. @throws ShapeError (through `fail`) when the inputs do not fit. */
  infer(inputs: InputsOf<P>, attributes: AttributesOf<P>, fail: Fail): TensorType;
  /** "none": the output does not depend smoothly on the inputs. */
  readonly gradient: GradientRule<P> | "none";
}

export interface Composite<C extends CompositeName> {
  infer(inputs: InputsOf<C>, attributes: AttributesOf<C>, fail: Fail): TensorType;
  /** The same value in primitives and simpler composites. */
  decompose(inputs: FloatInputs<C>, attributes: AttributesOf<C>): Tensor<"f32">;
  /** Where it is left out, the decomposition is differentiated. */
  readonly gradient?: GradientRule<C>;
}

/** Reports what does not fit; the caller adds the model path, the operation and the shapes. */
export type Fail = (problem: string) => never;
