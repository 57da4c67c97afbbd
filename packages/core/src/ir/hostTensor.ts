import { type DType, type HostArrays, hostArray } from "./dtype";
import { DitError } from "./errors";
import { type Shape, sizeOf } from "./shape";

/** A tensor of the host, row-major. `data` may be read from a file whenever it is asked for: take it once, do not keep it. */
export interface HostTensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: HostArrays[D];
}

/** Wraps `data` as a tensor of `shape`. @throws DitError when the sizes differ. */
export function hostTensor<D extends DType>(dtype: D, shape: Shape, data: HostArrays[D]): HostTensor<D> {
  if (data.length !== sizeOf(shape)) {
    throw new DitError(`host tensor of shape [${shape}] needs ${sizeOf(shape)} elements, got ${data.length}`);
  }
  return { dtype, shape, data };
}

/**
 * A host tensor whose values are loaded each time `data` is asked for, and not kept: how weights larger than memory go
 * through it one by one.
 * @throws DitError, when `data` is asked for, if `load` gives another number of elements
 */
export function lazyTensor<D extends DType>(dtype: D, shape: Shape, load: () => HostArrays[D]): HostTensor<D> {
  return {
    dtype,
    shape,
    get data() {
      return hostTensor(dtype, shape, load()).data;
    },
  };
}

/** A zeroed host tensor. */
export function hostZeros<D extends DType>(dtype: D, shape: Shape): HostTensor<D> {
  return { dtype, shape, data: hostArray(dtype, sizeOf(shape)) };
}

/** An f32 host tensor from numbers. */
export function hostF32(shape: Shape, values: ArrayLike<number>): HostTensor<"f32"> {
  return hostTensor("f32", shape, Float32Array.from(values));
}

/** An i32 host tensor from numbers. */
export function hostI32(shape: Shape, values: ArrayLike<number>): HostTensor<"i32"> {
  return hostTensor("i32", shape, Int32Array.from(values));
}
