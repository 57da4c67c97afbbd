import type { Node } from "../../ir/tensor";
import { newValue, type Value } from "./values";

/** Cell by cell of the kernel, so that the inner loop runs along rows of the image. */
export function conv2d(node: Node<"conv2d">, x: Value, weight: Value): Value {
  const { strides, padding, dilations } = node.attributes;
  const [n, out, rows, columns] = node.shape as [number, number, number, number];
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const [, , windowRows, windowColumns] = weight.shape as [number, number, number, number];
  const result = newValue(node.dtype, node.shape);
  const cell = (sample: number, to: number, from: number, i: number, j: number) => {
    const w = weight.data[((to * channels + from) * windowRows + i) * windowColumns + j]!;
    const top = i * dilations[0] - padding[0][0];
    const left = j * dilations[1] - padding[1][0];
    const image = (sample * channels + from) * height * width;
    const first = Math.max(0, Math.ceil(-left / strides[1]));
    const end = Math.min(columns, Math.ceil((width - left) / strides[1]));
    for (let row = 0; row < rows; row++) {
      const y = row * strides[0] + top;
      if (y < 0 || y >= height) continue;
      const source = image + y * width + left;
      const target = ((sample * out + to) * rows + row) * columns;
      for (let k = first; k < end; k++) result.data[target + k]! += w * x.data[source + k * strides[1]]!;
    }
  };
  for (let sample = 0; sample < n; sample++)
    for (let to = 0; to < out; to++)
      for (let from = 0; from < channels; from++)
        for (let i = 0; i < windowRows; i++) for (let j = 0; j < windowColumns; j++) cell(sample, to, from, i, j);
  return result;
}
