import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16, roundToBf16, roundToF16 } from "../../host/halfPrecision";
import type { DType } from "../../ir/dtype";
import { hostArray } from "../../ir/dtype";
import type { HostTensor } from "../../ir/hostTensor";
import { type Shape, sizeOf } from "../../ir/shape";

/**
 * A computed tensor. Every dtype is held in float64. f32 does not round on the way, which is what makes the reference an
 * oracle; f16 and bf16 do, since their rounding is what a computation in them is about.
 */
export interface Value {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: Float64Array;
}

export function newValue(dtype: DType, shape: Shape, data: Float64Array = new Float64Array(sizeOf(shape))): Value {
  return { dtype, shape, data };
}

/** A result as its dtype holds it. */
export function rounded(value: Value): Value {
  const round = value.dtype === "f16" ? roundToF16 : value.dtype === "bf16" ? roundToBf16 : undefined;
  return round === undefined ? value : newValue(value.dtype, value.shape, value.data.map(round));
}

export function fromHost({ dtype, shape, data }: HostTensor): Value {
  const values = Float64Array.from(data);
  const decode = dtype === "f16" ? f16ToF32 : dtype === "bf16" ? bf16ToF32 : undefined;
  return { dtype, shape, data: decode === undefined ? values : values.map(decode) };
}

/** Rounds once, to the dtype's host array. */
export function toHost({ dtype, shape, data }: Value): HostTensor {
  const encode = dtype === "f16" ? f32ToF16 : dtype === "bf16" ? f32ToBf16 : undefined;
  const out = hostArray(dtype, data.length);
  out.set(encode === undefined ? data : data.map(encode));
  return { dtype, shape, data: out };
}
