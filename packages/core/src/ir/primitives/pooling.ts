import { apply } from "../apply";
import { constant, constantF32, scalar, select } from "../create";
import { hostTensor } from "../hostTensor";
import type { Fail, Primitive, TensorType } from "../ops";
import type { Shape } from "../shape";
import type { Bool, F32, Tensor } from "../tensor";
import { type PoolAttributes, placesOf, requireWindow } from "../window";
import { convolutionToInput } from "./convolutionToInput";
import { requireFloat } from "./rules";

/** Where several cells of a window tie for the largest, the first of them, row by row, has the gradient whole. */
export const maxPool2d: Primitive<"maxPool2d"> = {
  infer: ([x], attributes, fail) => inferPool(x, attributes, fail),
  gradient: (g, [x], attributes) => {
    const images = x.reshape([-1, 1, ...x.shape.slice(2)]); // [N C, 1, H, W]
    const kernels = cellKernels(attributes).cast(x.dtype);
    const moves = { strides: attributes.strides, padding: attributes.padding, dilations: [1, 1] as const };
    const cells = apply<"conv2d", "f32">("conv2d", [images, kernels], moves); // [N C, h w, H', W']
    const byWindow = g.reshape([-1, 1, ...g.shape.slice(2)]);
    const byCell = select(isFirstLargest(cells, cellsInside(x.shape, attributes)), byWindow, scalar(0, g.dtype));
    return [convolutionToInput(byCell, kernels, images.shape, moves).reshape(x.shape)];
  },
};

/** The type of one number for each window. */
export function inferPool(x: Tensor, attributes: PoolAttributes, fail: Fail): TensorType {
  requireFloat(x, fail);
  if (x.rank !== 4) fail("needs images [N, C, H, W]");
  const { window, padding } = attributes;
  const places = placesOf(x.shape, window, attributes);
  requireWindow(places, window, attributes, [1, 1], fail);
  if (padding.some((sides, i) => sides.some((n) => n >= window[i]!))) {
    fail(`with paddings of [${padding}], windows of [${window}] may lie outside the image`);
  }
  return { dtype: x.dtype, shape: [x.shape[0]!, x.shape[1]!, ...places] };
}

/** Kernels that each pick one cell of a window, row by row: [h w, 1, h, w] */
function cellKernels({ window: [height, width] }: PoolAttributes): F32 {
  const count = height * width;
  const isCell = Float32Array.from({ length: count ** 2 }, (_, i) => (i % (count + 1) === 0 ? 1 : 0));
  return constantF32([count, 1, height, width], isCell);
}

/** Which cells of the windows lie in images of `shape`, not in the padding: [h w, H', W'] */
function cellsInside(shape: Shape, attributes: PoolAttributes): Bool {
  const { window, strides, padding } = attributes;
  const places = placesOf(shape, window, attributes);
  const isInside = (axis: 0 | 1, cell: number, place: number) => {
    const at = place * strides[axis] + cell - padding[axis][0];
    return at >= 0 && at < shape[axis + 2]!;
  };
  const data = new Uint8Array(window[0] * window[1] * places[0] * places[1]);
  let i = 0;
  for (let row = 0; row < window[0]; row++)
    for (let column = 0; column < window[1]; column++)
      for (let y = 0; y < places[0]; y++)
        for (let x = 0; x < places[1]; x++) data[i++] = isInside(0, row, y) && isInside(1, column, x) ? 1 : 0;
  return constant(hostTensor("bool", [window[0] * window[1], ...places], data));
}

/** Of the cells of each window [N C, h w, H', W'], the first of the largest inside the image. */
function isFirstLargest(cells: F32, isInside: Bool): Bool {
  const seen = select(isInside, cells, scalar(Number.NEGATIVE_INFINITY, cells.dtype));
  const isLargest = seen.equal(seen.amax([1], { keepDims: true }));
  const count = cells.shape[1]!;
  const early = constantF32(
    [count, 1, 1],
    Float32Array.from({ length: count }, (_, i) => count - i),
  );
  const rank = select(isLargest, early, scalar(0, "f32"));
  return rank.equal(rank.amax([1], { keepDims: true }));
}
