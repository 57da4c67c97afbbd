import type { Node, Padding } from "@dit/core/internal";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "../kernels";
import { reshape } from "./primitives";
import type { LoweringOf } from "./tables";

/** Swaps the last two axes of a stack of matrices [N, M, K]. */
type Turn = (k: Kernels, x: TensorInfo) => TensorInfo;

/**
 * The operations on images. TensorFlow.js has the channels last, so images are turned on their way in and out.
 * @param turn a device's fastest way to
 */
export function imageOperations(turn: Turn) {
  /** [N, C, H, W] -> [N, H, W, C] */
  const channelsLast = (k: Kernels, x: TensorInfo): TensorInfo => {
    const [n, c, height, width] = x.shape as [number, number, number, number];
    return reshape(k, turn(k, reshape(k, x, [n, c, height * width])), [n, height, width, c]);
  };
  /** [N, H, W, C] -> [N, C, H, W] */
  const channelsFirst = (k: Kernels, x: TensorInfo): TensorInfo => {
    const [n, height, width, c] = x.shape as [number, number, number, number];
    return reshape(k, turn(k, reshape(k, x, [n, height * width, c])), [n, c, height, width]);
  };
  const convolution = (
    k: Kernels,
    { attributes }: Node<"conv2d" | "biasedConv2d">,
    [x, weight, bias]: readonly [TensorInfo, TensorInfo, TensorInfo?],
  ): TensorInfo => {
    const filter = k.run("Transpose", { x: weight }, { perm: [2, 3, 1, 0] });
    const attrs = { ...moves(attributes), dilations: attributes.dilations, activation: "linear" };
    const y =
      bias === undefined
        ? k.run("Conv2D", { x: channelsLast(k, x), filter }, attrs)
        : k.run("FusedConv2D", { x: channelsLast(k, x), filter, bias }, attrs);
    return channelsFirst(k, y);
  };
  return {
    conv2d: convolution,
    biasedConv2d: convolution,
    maxPool2d: (k, { attributes }, [x]) =>
      channelsFirst(k, k.run("MaxPool", { x: channelsLast(k, x) }, poolMoves(attributes))),
    avgPool2d: (k, { attributes }, [x]) => {
      const { countsPadding, padding } = attributes;
      // The kernels leave the padding out, so what counts must be part of the image.
      const image = countsPadding ? padded(k, channelsLast(k, x), padding) : channelsLast(k, x);
      const rest = countsPadding ? { ...attributes, padding: none } : attributes;
      return channelsFirst(k, k.run("AvgPool", { x: image }, poolMoves(rest)));
    },
    upsampleNearest: (k, { shape }, [x]) => {
      const attrs = { size: shape.slice(2), alignCorners: false, halfPixelCenters: false };
      return channelsFirst(k, k.run("ResizeNearestNeighbor", { images: channelsLast(k, x) }, attrs));
    },
  } as const satisfies { readonly [O in ImageOperation]: LoweringOf<O> };
}

type ImageOperation = "conv2d" | "biasedConv2d" | "maxPool2d" | "avgPool2d" | "upsampleNearest";

type Moves = Pick<Node<"maxPool2d">["attributes"], "strides" | "padding">;

const none: Padding = [
  [0, 0],
  [0, 0],
];

function moves({ strides, padding }: Moves) {
  return { strides, pad: [[0, 0], ...padding, [0, 0]], dataFormat: "NHWC" };
}

function poolMoves(attributes: Node<"maxPool2d">["attributes"]) {
  return { ...moves(attributes), filterSize: attributes.window };
}

/** Zeros around images [N, H, W, C]. */
function padded(k: Kernels, x: TensorInfo, padding: Padding): TensorInfo {
  return k.run("PadV2", { x }, { paddings: [[0, 0], ...padding, [0, 0]], constantValue: 0 });
}
