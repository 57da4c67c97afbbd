import { attr } from "../onnx/model";
import type { Emitter } from "./emitter";

/** The domain of onnxruntime's blocked kernels. It is for one processor: no exported model may name it. */
export const nchwc = "com.microsoft.nchwc";

interface ConvolveOptions {
  /** A number for each channel of the result. */
  readonly bias?: string | undefined;
  /** An image of the result's shape that is added to it. */
  readonly sum?: string;
  /** Groups of channels that know nothing of each other. */
  readonly groups?: number;
}

/** onnxruntime's NCHWc kernels: 1x1 convolutions, and the changes of layout there and back. */
export class BlockedKernels {
  constructor(private readonly emit: Emitter) {}

  /** An image [1, C, H, W] by a filter [C', C / groups, 1, 1]: [1, C', H, W] */
  convolve(image: string, filter: string, { bias = "", sum = "", groups = 1 }: ConvolveOptions = {}): string {
    const inputs = sum === "" ? (bias === "" ? [image, filter] : [image, filter, bias]) : [image, filter, bias, sum];
    return this.emit.op("Conv", inputs, {
      domain: nchwc,
      attributes: { kernel_shape: attr.ints([1, 1]), group: attr.int(groups) },
    });
  }

  /** An image in blocks of channels: of `shape`, which is [N, C, H, W], or [N, H, W, C] with its channels last. */
  reorderInput(name: string, shape: readonly number[], areChannelsLast = false): string {
    return this.emit.op("ReorderInput", [this.emit.reshape(name, shape)], {
      domain: nchwc,
      attributes: { channels_last: attr.int(areChannelsLast ? 1 : 0) },
    });
  }

  /** The way back. */
  reorderOutput(name: string, channels: number, areChannelsLast: boolean): string {
    return this.emit.op("ReorderOutput", [name], {
      domain: nchwc,
      attributes: { channels: attr.int(channels), channels_last: attr.int(areChannelsLast ? 1 : 0) },
    });
  }
}
