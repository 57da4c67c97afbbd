import type { Node } from "@dit/core/internal";
import { type AttributeValue, attr } from "../onnx/model";
import type { Emitter } from "./emitter";

/** With a bias or without: onnxruntime's kernel takes both. */
export function convolution(emit: Emitter, node: Node<"conv2d" | "biasedConv2d">, inputs: readonly string[]): string {
  const attributes = { ...windowAttributes(node.attributes), dilations: attr.ints(node.attributes.dilations) };
  return emit.op("Conv", inputs, { attributes });
}

export function poolAttributes(attributes: Node<"maxPool2d">["attributes"]): Record<string, AttributeValue> {
  return { ...windowAttributes(attributes), kernel_shape: attr.ints(attributes.window) };
}

/** ONNX lists what is before each axis, then what is after. */
function windowAttributes({ strides, padding: [height, width] }: Omit<Node<"maxPool2d">["attributes"], "window">) {
  return { strides: attr.ints(strides), pads: attr.ints([height[0], width[0], height[1], width[1]]) };
}
