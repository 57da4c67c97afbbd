/** Element types of tensors in a graph. `u8`, `i64` and `f64` exist only at file and ONNX borders. */
export type DType = "f32" | "f16" | "bf16" | "i32" | "bool";

/** The floating-point element types. */
export type FloatType = "f32" | "f16" | "bf16";

/** How a tensor of each dtype lies in host memory: f16 and bf16 as their bit patterns, bool as 0 or 1. */
export interface HostArrays {
  f32: Float32Array;
  f16: Uint16Array;
  bf16: Uint16Array;
  i32: Int32Array;
  bool: Uint8Array;
}

/** Bytes of one element. */
export const bytesPerElement: { readonly [D in DType]: number } = { f32: 4, f16: 2, bf16: 2, i32: 4, bool: 1 };

const arrays: { readonly [D in DType]: new (length: number) => HostArrays[D] } = {
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  i32: Int32Array,
  bool: Uint8Array,
};

/** A zeroed host array of `length` elements. */
export function hostArray<D extends DType>(dtype: D, length: number): HostArrays[D] {
  return new arrays[dtype](length);
}

export function isFloat(dtype: DType): dtype is FloatType {
  return dtype === "f32" || dtype === "f16" || dtype === "bf16";
}
