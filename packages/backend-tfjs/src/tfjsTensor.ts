import { DitError, type Feed } from "@dit/core";
import { hostArray, isDeviceTensor, LiveTensors, sizeOf } from "@dit/core/internal";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "./kernels";

/** The tensors of one backend, each with tfjs's handle on its value. */
export class Tensors extends LiveTensors<TensorInfo> {
  constructor(private readonly kernels: Kernels) {
    super({
      read: async (info, dtype, shape) => {
        const values = await kernels.read(info);
        const data = hostArray(dtype, sizeOf(shape));
        data.set(values);
        return data;
      },
      free: (info) => kernels.free(info),
    });
  }

  /** A handle on a feed's value, the caller's to free. */
  take(feed: Feed): TensorInfo {
    const { kernels } = this;
    return kernels.scope(() => {
      if (!isDeviceTensor(feed)) return kernels.upload(feed);
      if (!this.has(feed)) throw new DitError("this tensor was disposed of, or is another backend's");
      return kernels.share(this.valueOf(feed));
    });
  }
}
