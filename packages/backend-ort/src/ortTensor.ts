import type { Feed, HostTensor } from "@dit/core";
import { isDeviceTensor, LiveTensors } from "@dit/core/internal";
import type { Tensor as RuntimeTensor } from "onnxruntime-common";
import { elementTypeOf } from "./elementTypes";
import type { Runtime } from "./runtime";

/** The tensors of one backend, and how host memory becomes one of onnxruntime's. */
export class Tensors extends LiveTensors<RuntimeTensor> {
  constructor(private readonly runtime: Runtime) {
    super({
      read: async (value) => (await value.getData()) as HostTensor["data"],
      free: (value) => value.dispose(),
    });
  }

  /** The runtime's tensor of a feed; a host tensor's memory is lent for the call. */
  runtimeTensor(feed: Feed): RuntimeTensor {
    return isDeviceTensor(feed) ? this.valueOf(feed) : this.lend(feed);
  }

  lend({ dtype, data, shape }: HostTensor): RuntimeTensor {
    return new this.runtime.Tensor(elementTypeOf[dtype] as "float32", data as Float32Array, shape);
  }
}
