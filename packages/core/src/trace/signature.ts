import type { DType } from "../ir/dtype";
import type { TensorType } from "../ir/ops";
import type { Shape } from "../ir/shape";
import { Tensor } from "../ir/tensor";

/** The type of a f32 tensor. */
export function f32(shape: Shape): TensorType<"f32"> {
  return { dtype: "f32", shape };
}

/** The type of an i32 tensor. */
export function i32(shape: Shape): TensorType<"i32"> {
  return { dtype: "i32", shape };
}

/** A tree of tensor types, as symbolic tensors. */
export type Traced<S> =
  S extends TensorType<infer D> ? Tensor<D> : S extends object ? { readonly [K in keyof S]: Traced<S[K]> } : never;

export function isTensorType(value: unknown): value is TensorType {
  return typeof value === "object" && value !== null && "dtype" in value && "shape" in value;
}

export function isTensor(value: unknown): value is Tensor<DType> {
  return value instanceof Tensor;
}
