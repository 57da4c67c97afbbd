import { type DType, isFloat } from "../dtype";
import type { Fail, TensorType } from "../ops";
import { broadcastShapes, type Shape, sameShape } from "../shape";
import type { Tensor } from "../tensor";

/** The type of an element-wise binary operation, or a failure naming what differs. */
export function broadcastType(a: Tensor, b: Tensor, fail: Fail): TensorType {
  requireSameDType([a, b], fail);
  const shape = broadcastShapes(a.shape, b.shape) ?? fail(`shapes [${a.shape}] and [${b.shape}] do not broadcast`);
  return { dtype: a.dtype, shape };
}

export function requireFloat(x: Tensor, fail: Fail): void {
  if (!isFloat(x.dtype)) fail(`needs a float tensor, got ${x.dtype}`);
}

export function requireDType(x: Tensor, dtype: DType, role: string, fail: Fail): void {
  if (x.dtype !== dtype) fail(`${role} must be ${dtype}, got ${x.dtype}`);
}

export function requireSameDType(tensors: readonly Tensor[], fail: Fail): void {
  const dtypes = [...new Set(tensors.map(({ dtype }) => dtype))];
  if (dtypes.length > 1) fail(`dtypes differ (${dtypes.join(" and ")}); cast one of them`);
}

/** Undoes broadcasting in reverse: sums `gradient` down to `shape`. */
export function sumTo(gradient: Tensor<"f32">, shape: Shape): Tensor<"f32"> {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.rank - shape.length;
  const axes = gradient.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []));
  return (axes.length === 0 ? gradient : gradient.sum(axes, { keepDims: true })).reshape(shape);
}
