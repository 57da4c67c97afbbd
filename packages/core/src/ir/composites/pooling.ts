import { apply } from "../apply";
import { constantF32 } from "../create";
import type { Composite } from "../ops";
import { inferPool } from "../primitives/pooling";
import type { Shape } from "../shape";
import type { F32 } from "../tensor";
import { type PoolAttributes, placesOf } from "../window";

/** A convolution of each channel with equal weights. */
export const avgPool2d: Composite<"avgPool2d"> = {
  infer: ([x], attributes, fail) => inferPool(x, attributes, fail),
  decompose: ([x], attributes) => {
    const { window, strides, padding, countsPadding } = attributes;
    const images = x.reshape([-1, 1, ...x.shape.slice(2)]); // [N C, 1, H, W]
    const ones = constantF32([1, 1, ...window], new Float32Array(window[0] * window[1]).fill(1)).cast(x.dtype);
    const sums = apply<"conv2d", "f32">("conv2d", [images, ones], { strides, padding, dilations: [1, 1] });
    const counts = countsPadding ? window[0] * window[1] : cellCounts(x.shape, attributes).cast(x.dtype);
    const shape = [...x.shape.slice(0, 2), ...sums.shape.slice(2)];
    return sums.reshape(shape).div(counts);
  },
};

/** How many cells of each window lie in images of `shape`, not in the padding: [H', W'] */
function cellCounts(shape: Shape, attributes: PoolAttributes): F32 {
  const { window, strides, padding } = attributes;
  const places = placesOf(shape, window, attributes);
  const along = (axis: 0 | 1) =>
    Array.from({ length: places[axis] }, (_, place) => {
      const start = place * strides[axis] - padding[axis][0];
      return Math.min(start + window[axis], shape[axis + 2]!) - Math.max(start, 0);
    });
  const columns = along(1);
  return constantF32(
    places,
    along(0).flatMap((rows) => columns.map((count) => rows * count)),
  );
}
