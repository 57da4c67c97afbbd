import { apply } from "../apply";
import { concat } from "../create";
import type { AttributesOf } from "../ops";
import type { Shape } from "../shape";
import type { F32 } from "../tensor";
import { alongBoth, type Pair } from "../window";
import { fitted } from "./fitted";

/**
 * The gradient of kernels of `shape`: for each of their cells, the product of the output's gradient with what that cell saw
 * of the images, as fast as a backend multiplies matrices. As one convolution, with kernels as large as images, it takes
 * onnxruntime twice as long. g [N, O, H', W'], x [N, C, H, W] -> [O, C, h, w]
 */
export function convolutionToWeight(
  g: F32,
  x: F32,
  shape: Shape,
  { strides, padding, dilations }: AttributesOf<"conv2d">,
): F32 {
  const [out, inner, height, width] = shape as [number, number, number, number];
  const [n, , ...places] = g.shape as [number, number, number, number];
  const seen = alongBoth((i): Pair => {
    const steps = places[i] + Math.floor(((shape[i + 2]! - 1) * dilations[i]) / strides[i]);
    return [padding[i][0], steps * strides[i] - padding[i][0] - x.shape[i + 2]!];
  });
  const phases = phasesOf(fitted(x, seen), strides);
  const gradients = g.transpose([1, 0, 2, 3]).reshape([out, -1]); // [O, N H' W']
  const cells = Array.from({ length: height * width }, (_, cell) => {
    const [top, left] = [Math.floor(cell / width) * dilations[0], (cell % width) * dilations[1]];
    const phase = (top % strides[0]) * strides[1] + (left % strides[1]);
    const first = [Math.floor(top / strides[0]), Math.floor(left / strides[1])] as const;
    const values = apply<"slice", "f32">("slice", [phases], {
      starts: [phase, 0, 0, ...first],
      sizes: [1, inner, n, ...places],
    });
    return gradients.matmul(values.reshape([inner, -1]), { transposeB: true }).reshape([1, out * inner]);
  });
  return concat(cells, 0).transpose([1, 0]).reshape(shape);
}

/** What places see of images that the strides divide, by where in a stride it lies: [N, C, H, W] -> [strides, C, N, H', W'] */
function phasesOf(x: F32, [down, right]: Pair): F32 {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const [rows, columns] = [height / down, width / right];
  const cut = down * right === 1 ? x : x.reshape([n, c, rows, down, columns, right]);
  return cut.transpose(cut === x ? [1, 0, 2, 3] : [3, 5, 1, 0, 2, 4]).reshape([down * right, c, n, rows, columns]);
}
