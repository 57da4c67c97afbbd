import { constant } from "../create";
import { hostI32 } from "../hostTensor";
import type { AttributesOf } from "../ops";
import type { Shape } from "../shape";
import type { F32 } from "../tensor";
import { alongBoth, type Pair } from "../window";
import { fitted } from "./fitted";

/**
 * The transpose of a convolution of images of `shape`: itself a convolution, of the output's gradient with zeros between
 * its places and with the kernels turned by half a turn (arXiv 1603.07285, section 4).
 * g [N, O, H', W'], weight [O, C, h, w] -> [N, C, H, W]
 */
export function convolutionToInput(
  g: F32,
  weight: F32,
  shape: Shape,
  { strides, padding, dilations }: AttributesOf<"conv2d">,
): F32 {
  const spread = interleaved(g, strides);
  const around = alongBoth((i): Pair => {
    const before = (weight.shape[i + 2]! - 1) * dilations[i] - padding[i][0];
    return [before, shape[i + 2]! + padding[i][0] - spread.shape[i + 2]!];
  });
  const cut = fitted(
    spread,
    alongBoth((i) => [Math.min(0, around[i][0]), Math.min(0, around[i][1])]),
  );
  const added = alongBoth((i): Pair => [Math.max(0, around[i][0]), Math.max(0, around[i][1])]);
  return cut.conv2d(turned(weight), { padding: added, dilation: dilations });
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

/** Kernels turned by half a turn, and from the outputs to the inputs: [O, C, h, w] -> [C, O, h, w] */
function turned(weight: F32): F32 {
  const [out, inner, height, width] = weight.shape as [number, number, number, number];
  const cells = height * width;
  const backwards = Int32Array.from({ length: cells }, (_, i) => cells - 1 - i);
  return weight
    .reshape([out, inner, cells])
    .transpose([2, 1, 0])
    .gather(constant(hostI32([cells], backwards)))
    .transpose([1, 2, 0])
    .reshape([inner, out, height, width]);
}
