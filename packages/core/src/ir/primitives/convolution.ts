import { constant } from "../create";
import { hostI32 } from "../hostTensor";
import type { AttributesOf, Primitive } from "../ops";
import type { Shape } from "../shape";
import type { F32 } from "../tensor";
import { type Padding, type Pair, placesOf, requireWindow } from "../window";
import { requireFloat, requireSameDType } from "./rules";

/**
 * Both gradients are convolutions again: the input's of the output's gradient with the flipped kernels, the weight's of
 * the images with the output's gradient as kernels, samples and channels having changed places (arXiv 1603.07285,
 * section 4).
 */
export const conv2d: Primitive<"conv2d"> = {
  infer: ([x, weight], attributes, fail) => {
    requireFloat(x, fail);
    requireSameDType([x, weight], fail);
    if (x.rank !== 4) fail("needs images [N, C, H, W]");
    if (weight.rank !== 4) fail(`the weight must be [out, in, height, width], got [${weight.shape}]`);
    if (weight.shape[1] !== x.shape[1])
      fail(`the images have ${x.shape[1]} channels, the weight takes ${weight.shape[1]}`);
    const window = windowOf(weight.shape);
    const places = placesOf(x.shape, window, attributes, attributes.dilations);
    requireWindow(places, window, attributes, attributes.dilations, fail);
    return { dtype: x.dtype, shape: [x.shape[0]!, weight.shape[0]!, ...places] };
  },
  gradient: (g, [x, weight], attributes) => [
    convolutionToInput(g, weight, x.shape, attributes),
    gradientOfWeight(g, x, weight.shape, attributes),
  ],
};

/** The transpose of a convolution of images of `shape`: g [N, O, H', W'] -> [N, C, H, W] */
export function convolutionToInput(
  g: F32,
  weight: F32,
  shape: Shape,
  { strides, padding, dilations }: AttributesOf<"conv2d">,
): F32 {
  const spread = interleaved(g, strides);
  const window = windowOf(weight.shape);
  const around = both((i): Pair => {
    const before = (window[i] - 1) * dilations[i] - padding[i][0];
    return [before, shape[i + 2]! + padding[i][0] - spread.shape[i + 2]!];
  });
  return convolved(spread, flipped(weight), { strides: [1, 1], padding: around, dilations });
}

/** g [N, O, H', W'], x [N, C, H, W] -> [O, C, h, w] */
function gradientOfWeight(g: F32, x: F32, shape: Shape, { strides, padding, dilations }: AttributesOf<"conv2d">): F32 {
  const window = windowOf(shape);
  const around = both((i): Pair => {
    const read = (g.shape[i + 2]! - 1) * strides[i] + (window[i] - 1) * dilations[i] + 1;
    return [padding[i][0], read - padding[i][0] - x.shape[i + 2]!];
  });
  const swapped = convolved(swapped01(x), swapped01(g), { strides: dilations, padding: around, dilations: strides });
  return swapped01(swapped);
}

/** A convolution whose padding may be negative: it then cuts off what no window reads. */
function convolved(x: F32, weight: F32, { strides, padding, dilations }: AttributesOf<"conv2d">): F32 {
  const cut = padding.reduce((part, [before, after], i) => {
    return part.slice(i + 2, Math.max(0, -before), part.shape[i + 2]! - Math.max(0, -after));
  }, x);
  const around = both((i): Pair => [Math.max(0, padding[i][0]), Math.max(0, padding[i][1])]);
  return cut.conv2d(weight, { stride: strides, padding: around, dilation: dilations });
}

/** Zeros behind each place, so that strides become 1: [N, O, H', W'] -> [N, O, H' * stride, W' * stride] */
function interleaved(g: F32, [down, right]: Pair): F32 {
  if (down === 1 && right === 1) return g;
  const [n, o, height, width] = g.shape as [number, number, number, number];
  return g
    .reshape([n * o * height, 1, width, 1])
    .pad([0, 0, 0, 0], [0, down - 1, 0, right - 1])
    .reshape([n, o, height * down, width * right]);
}

/** Kernels turned by half a turn, and from the outputs' to the inputs': [O, C, h, w] -> [C, O, h, w] */
function flipped(weight: F32): F32 {
  const [out, inner, height, width] = weight.shape as [number, number, number, number];
  const cells = height * width;
  if (cells === 1) return swapped01(weight);
  const backwards = constant(
    hostI32(
      [cells],
      Int32Array.from({ length: cells }, (_, i) => cells - 1 - i),
    ),
  );
  return weight
    .reshape([out, inner, cells])
    .transpose([2, 1, 0])
    .gather(backwards)
    .transpose([1, 2, 0])
    .reshape([inner, out, height, width]);
}

function swapped01(x: F32): F32 {
  return x.transpose([1, 0, 2, 3]);
}

function windowOf(weight: Shape): Pair {
  return [weight[2]!, weight[3]!];
}

function both(along: (i: 0 | 1) => Pair): Padding {
  return [along(0), along(1)];
}
