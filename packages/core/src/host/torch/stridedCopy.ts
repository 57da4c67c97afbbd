import type { Shape } from "../../ir/shape";
import { stridesOf } from "../../ir/shape";

/**
 * The elements of a strided view one after the other, row-major. `bytes` begin at its first element and end at its last.
 * Where they are in order already, `bytes` themselves.
 */
export function stridedCopy(
  bytes: Uint8Array,
  shape: Shape,
  strides: readonly number[],
  elementBytes: number,
): Uint8Array {
  if (isRowMajor(shape, strides)) return bytes;
  const size = shape.reduce((product, n) => product * n, elementBytes);
  const out = new Uint8Array(size);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < size; to += elementBytes) {
    for (let k = 0; k < elementBytes; k++) out[to + k] = bytes[from + k]!;
    // The next index, like the hands of a clock: an axis at its end goes back to 0 and the one before it goes on.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]! * elementBytes;
      if (++index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]! * elementBytes;
      index[axis] = 0;
    }
  }
  return out;
}

/** Strides of axes with one element do not matter, nor do those of a view without elements. */
function isRowMajor(shape: Shape, strides: readonly number[]): boolean {
  const dense = stridesOf(shape);
  return shape.includes(0) || shape.every((size, axis) => size === 1 || strides[axis] === dense[axis]);
}
