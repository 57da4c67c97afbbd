import { apply } from "./apply";
import { type DType, hostArray } from "./dtype";
import type { HostTensor } from "./hostTensor";
import { hostZeros } from "./hostTensor";
import type { TensorType } from "./ops";
import { type Shape, sizeOf } from "./shape";
import type { Tensor } from "./tensor";
import { type PoolOptions, poolOf } from "./window";

/** A value given at run time under `name`. */
export function input<D extends DType>(name: string, type: TensorType<D>): Tensor<D> {
  return apply("input", [], { name, type });
}

/** A value known when the graph is made. */
export function constant<D extends DType>(value: HostTensor<D>): Tensor<D> {
  return apply("constant", [], { value });
}

/** One number as a tensor of rank 0. */
export function scalar<D extends DType>(value: number, dtype: D): Tensor<D> {
  if (dtype === "f16" || dtype === "bf16") return scalar(value, "f32").cast(dtype);
  const data = hostArray(dtype, 1);
  data[0] = value;
  return constant({ dtype, shape: [], data });
}

/** A f32 constant from numbers. */
export function constantF32(shape: Shape, values: ArrayLike<number>): Tensor<"f32"> {
  return constant({ dtype: "f32", shape, data: Float32Array.from(values) });
}

export function zeros<D extends DType>(dtype: D, shape: Shape): Tensor<D> {
  return constant(hostZeros(dtype, sizeOf(shape) === 0 ? shape : shape.map(() => 1))).broadcastTo(shape);
}

/** Joins tensors along `axis`. */
export function concat<D extends DType>(tensors: readonly Tensor<D>[], axis: number): Tensor<D> {
  const resolved = axis < 0 ? axis + (tensors[0]?.rank ?? 0) : axis;
  return tensors.length === 1 ? tensors[0]! : apply("concat", tensors, { axis: resolved });
}

/** Cuts `axis` (default the last) into `count` equal parts. */
export function split<D extends DType>(x: Tensor<D>, count: number, axis = -1): Tensor<D>[] {
  const size = x.shape.at(axis)! / count;
  return Array.from({ length: count }, (_, i) => x.slice(axis, i * size, (i + 1) * size));
}

/** Where `condition` holds `whenTrue`, elsewhere `whenFalse`. */
export function select<D extends DType>(
  condition: Tensor<"bool">,
  whenTrue: Tensor<D>,
  whenFalse: Tensor<D>,
): Tensor<D> {
  return apply("select", [condition, whenTrue, whenFalse], {});
}

/** `x`, which exists only once each of `after` does: what is computed from it comes later than they. */
export function barrier<D extends DType>(x: Tensor<D>, after: readonly Tensor[]): Tensor<D> {
  return after.length === 0 ? x : apply("barrier", [x, ...after], {});
}

/** `updates` [...indices, ...rest] summed into zeros of [rows, ...rest]. */
export function scatterAdd<D extends DType>(indices: Tensor<"i32">, updates: Tensor<D>, rows: number): Tensor<D> {
  return apply("scatterAdd", [indices, updates], { rows });
}

export function sigmoid<D extends DType>(x: Tensor<D>): Tensor<D> {
  return apply("sigmoid", [x], {});
}

export function silu<D extends DType>(x: Tensor<D>): Tensor<D> {
  return apply("silu", [x], {});
}

/** GELU in the tanh approximation. */
export function gelu<D extends DType>(x: Tensor<D>): Tensor<D> {
  return apply("gelu", [x], {});
}

/** Softmax over the last axis. */
export function softmax<D extends DType>(x: Tensor<D>): Tensor<D> {
  return apply("softmax", [x], {});
}

/** The largest value in each window of `x` [N, C, H, W]. */
export function maxPool2d<D extends DType>(x: Tensor<D>, options: PoolOptions): Tensor<D> {
  return apply("maxPool2d", [x], poolOf(options));
}

/** The mean of each window of `x` [N, C, H, W]: by default of its cells in the image, not of those in the padding. */
export function avgPool2d<D extends DType>(
  x: Tensor<D>,
  { countsPadding = false, ...options }: PoolOptions & { readonly countsPadding?: boolean },
): Tensor<D> {
  return apply("avgPool2d", [x], { ...poolOf(options), countsPadding });
}

/** Each pixel of `x` [N, C, H, W] repeated to a square -> [N, C, H * factor, W * factor] */
export function upsampleNearest<D extends DType>(x: Tensor<D>, factor = 2): Tensor<D> {
  return apply("upsampleNearest", [x], { factor });
}
