import { type DeviceTensor, DitError, type DType, type Feed, type HostTensor, type Shape } from "@dit/core";
import { bytesPerElement, hostArray, isDeviceTensor, sizeOf } from "@dit/core/internal";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "./kernels";

/** A value that TensorFlow.js holds. */
interface TfjsTensor extends DeviceTensor {
  /** tfjs's handle on it, until disposed of. */
  readonly info: TensorInfo;
}

/** Makes and counts the tensors of one backend. */
export class Tensors {
  private readonly live = new Set<TfjsTensor>();

  constructor(private readonly kernels: Kernels) {}

  /** Takes over a value. */
  wrap(dtype: DType, shape: Shape, info: TensorInfo): DeviceTensor {
    const { live, kernels } = this;
    const tensor: TfjsTensor = {
      dtype,
      shape,
      get info() {
        if (!live.has(tensor)) throw new DitError("this tensor was disposed of");
        return info;
      },
      read: async () => {
        const values = await kernels.read(tensor.info);
        const data = hostArray(dtype, sizeOf(shape));
        data.set(values);
        return { dtype, shape, data } as HostTensor;
      },
      dispose: () => {
        if (live.delete(tensor)) kernels.free(info);
      },
    };
    live.add(tensor);
    return tensor;
  }

  /** A handle on a feed's value, the caller's to free. */
  take(feed: Feed): TensorInfo {
    const { kernels } = this;
    return kernels.scope(() => {
      if (!isDeviceTensor(feed)) return kernels.upload(feed);
      if (!this.live.has(feed as TfjsTensor))
        throw new DitError("this tensor was disposed of, or is another backend's");
      return kernels.share((feed as TfjsTensor).info);
    });
  }

  memory() {
    let liveBytes = 0;
    for (const { dtype, shape } of this.live) liveBytes += sizeOf(shape) * bytesPerElement[dtype];
    return { liveTensors: this.live.size, liveBytes };
  }

  disposeAll(): void {
    for (const tensor of this.live) tensor.dispose();
  }
}
