import type { Node } from "../../ir/tensor";
import { newValue, type Value } from "./values";

export function maxPool2d(node: Node<"maxPool2d">, x: Value): Value {
  const { window, strides, padding } = node.attributes;
  const [n, channels, rows, columns] = node.shape as [number, number, number, number];
  const [, , height, width] = x.shape as [number, number, number, number];
  const out = newValue(node.dtype, node.shape);
  let at = 0;
  for (let image = 0; image < n * channels; image++) {
    for (let row = 0; row < rows; row++) {
      const top = row * strides[0] - padding[0][0];
      for (let column = 0; column < columns; column++) {
        const left = column * strides[1] - padding[1][0];
        let largest = Number.NEGATIVE_INFINITY;
        for (let y = Math.max(0, top); y < Math.min(height, top + window[0]); y++) {
          for (let z = Math.max(0, left); z < Math.min(width, left + window[1]); z++) {
            largest = Math.max(largest, x.data[(image * height + y) * width + z]!);
          }
        }
        out.data[at++] = largest;
      }
    }
  }
  return out;
}
