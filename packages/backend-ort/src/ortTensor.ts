import { type DeviceTensor, DitError, type DType, type Feed, type HostTensor, type Shape } from "@dit/core";
import { bytesPerElement, isDeviceTensor, sizeOf } from "@dit/core/internal";
import type { Tensor as RuntimeTensor } from "onnxruntime-common";
import { elementTypeOf } from "./elementTypes";
import type { Runtime } from "./runtime";

/** A value that onnxruntime holds. */
export interface OrtTensor extends DeviceTensor {
  /** The runtime's own tensor, until disposed of. */
  readonly value: RuntimeTensor;
}

/** Makes and counts the tensors of one backend. */
export class Tensors {
  private readonly live = new Set<OrtTensor>();

  constructor(private readonly runtime: Runtime) {}

  /** Takes over a tensor that the runtime made. */
  wrap(dtype: DType, shape: Shape, value: RuntimeTensor): OrtTensor {
    const { live } = this;
    const tensor: OrtTensor = {
      dtype,
      shape,
      get value() {
        if (!live.has(tensor)) throw new DitError("this tensor was disposed of");
        return value;
      },
      read: async () => ({ dtype, shape, data: (await tensor.value.getData()) as HostTensor["data"] }),
      dispose: () => {
        if (live.delete(tensor)) value.dispose();
      },
    };
    live.add(tensor);
    return tensor;
  }

  /** The runtime's tensor of a feed; a host tensor's memory is lent for the call. */
  runtimeTensor(feed: Feed): RuntimeTensor {
    return isDeviceTensor(feed) ? (feed as OrtTensor).value : this.lend(feed);
  }

  lend({ dtype, data, shape }: HostTensor): RuntimeTensor {
    return new this.runtime.Tensor(elementTypeOf[dtype] as "float32", data as Float32Array, shape);
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
