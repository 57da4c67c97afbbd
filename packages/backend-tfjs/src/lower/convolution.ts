import type { Padding } from "@dit/core/internal";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "../kernels";
import type { LoweringOf } from "./tables";

// TensorFlow.js has the channels last: [N, H, W, C], and kernels [h, w, C, O].

export const convolution: LoweringOf<"conv2d"> = (k, { attributes: { strides, padding, dilations } }, [x, weight]) => {
  const inputs = { x: channelsLast(k, x), filter: transposed(k, weight, [2, 3, 1, 0]) };
  return channelsFirst(k, k.run("Conv2D", inputs, { ...moves(strides, padding), dilations }));
};

export const maxPool: LoweringOf<"maxPool2d"> = (k, { attributes: { window, strides, padding } }, [x]) =>
  channelsFirst(k, k.run("MaxPool", { x: channelsLast(k, x) }, { ...moves(strides, padding), filterSize: window }));

function moves(strides: readonly [number, number], padding: Padding) {
  return { strides, pad: [[0, 0], ...padding, [0, 0]], dataFormat: "NHWC" };
}

function channelsLast(k: Kernels, x: TensorInfo): TensorInfo {
  return transposed(k, x, [0, 2, 3, 1]);
}

function channelsFirst(k: Kernels, x: TensorInfo): TensorInfo {
  return transposed(k, x, [0, 3, 1, 2]);
}

function transposed(k: Kernels, x: TensorInfo, perm: readonly number[]): TensorInfo {
  return k.run("Transpose", { x }, { perm });
}
