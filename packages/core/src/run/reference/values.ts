import type { DType } from "../../ir/dtype";
import { hostArray } from "../../ir/dtype";
import type { HostTensor } from "../../ir/hostTensor";
import { type Shape, sizeOf } from "../../ir/shape";

/** A computed tensor: every dtype is held in float64, so that nothing rounds on the way. */
export interface Value {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: Float64Array;
}

export function newValue(dtype: DType, shape: Shape, data: Float64Array = new Float64Array(sizeOf(shape))): Value {
  return { dtype, shape, data };
}

export function fromHost({ dtype, shape, data }: HostTensor): Value {
  return { dtype, shape, data: Float64Array.from(data) };
}

/** Rounds once, to the dtype's host array. */
export function toHost({ dtype, shape, data }: Value): HostTensor {
  const out = hostArray(dtype, data.length);
  out.set(data);
  return { dtype, shape, data: out };
}
