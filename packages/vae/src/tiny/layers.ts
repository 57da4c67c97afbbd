import { conv2d, conv2dSpec, type F32, type Params, upsampleNearest } from "@dit/core";
import { type ActivationName, activations } from "../nn/activations";
import { tinyBlock, tinyBlockSpec } from "./tinyBlock";

/** One of the layers that a tiny network is a list of. Its place in the list is its name. */
export type Layer =
  | {
      readonly kind: "conv";
      readonly inner: number;
      readonly out: number;
      readonly bias: boolean;
      readonly stride: 1 | 2;
    }
  | { readonly kind: "block"; readonly channels: number }
  | { readonly kind: "activation" }
  | { readonly kind: "upsample"; readonly factor: number };

/** Parameters of the layers that have any, by place. */
export function layersSpec(layers: readonly Layer[]) {
  return Object.fromEntries(
    layers.flatMap((layer, i) => {
      const spec = layerSpec(layer);
      return spec === undefined ? [] : [[i, spec]];
    }),
  ) as Readonly<Record<number, NonNullable<ReturnType<typeof layerSpec>>>>;
}

function layerSpec(layer: Layer) {
  switch (layer.kind) {
    case "conv": {
      const { weight, bias } = conv2dSpec(layer.inner, layer.out, 3);
      return layer.bias ? { weight, bias } : { weight };
    }
    case "block":
      return tinyBlockSpec(layer.channels);
    case "activation":
    case "upsample":
      return undefined;
    default:
      return layer satisfies never;
  }
}

/** Runs a list of layers. x: [N, C, H, W] -> [N, out, H', W'] */
export function runLayers(
  p: Params<ReturnType<typeof layersSpec>>,
  layers: readonly Layer[],
  x: F32,
  activation: ActivationName,
): F32 {
  return layers.reduce((h, layer, i) => {
    const params = p[i];
    if (params !== undefined && "conv" in params) return tinyBlock(params, h, activation);
    if (params !== undefined) {
      const options = { padding: 1, stride: layer.kind === "conv" ? layer.stride : 1 };
      const { weight, bias } = params;
      return bias === undefined ? h.conv2d(weight, options) : conv2d({ weight, bias }, h, options);
    }
    return layer.kind === "upsample" ? upsampleNearest(h, layer.factor) : activations[activation](h);
  }, x);
}
