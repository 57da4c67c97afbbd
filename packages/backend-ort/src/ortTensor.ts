import { type DeviceTensor, DitError, type Feed, type HostTensor } from "@dit/core";
import { isDeviceTensor, LiveTensors } from "@dit/core/internal";
import type { Tensor as RuntimeTensor } from "onnxruntime-common";
import { elementTypeOf } from "./elementTypes";
import type { Runtime } from "./platform/platform";
import type { Provider } from "./provider";
import type { Transfers } from "./transfers";

/** The tensors of one backend, and how host memory becomes one of onnxruntime's. */
export class Tensors extends LiveTensors<RuntimeTensor> {
  constructor(
    private readonly runtime: Runtime,
    private readonly home: Provider["memory"],
    private readonly transfers: Transfers,
  ) {
    super({
      read: async (value, dtype) =>
        bitsOf(home === "cpu" ? ((await value.getData()) as HostTensor["data"]) : await transfers.read(value, dtype)),
      free: (value) => value.dispose(),
    });
  }

  /** The runtime's tensor of a feed; a host tensor's memory is lent for the call. */
  runtimeTensor(feed: Feed): RuntimeTensor {
    if (!isDeviceTensor(feed)) return this.lend(feed);
    if (!this.has(feed)) throw new DitError("this tensor was disposed of, or is another backend's");
    return this.valueOf(feed);
  }

  lend({ dtype, data, shape }: HostTensor): RuntimeTensor {
    return new this.runtime.Tensor(elementTypeOf[dtype] as "float32", data as Float32Array, shape);
  }

  /** A host tensor where the provider's values live. It stays as it is when the caller reuses the array. */
  async place(host: HostTensor): Promise<RuntimeTensor> {
    return this.home === "cpu"
      ? this.lend({ ...host, data: host.data.slice() } as HostTensor)
      : this.transfers.upload(this.lend(host), host.dtype);
  }

  async upload(host: HostTensor): Promise<DeviceTensor> {
    return this.wrap(host.dtype, host.shape, await this.place(host));
  }
}

/** Half precision as its bits: engines that have a Float16Array get one from the runtime. */
function bitsOf(data: HostTensor["data"]): HostTensor["data"] {
  return data.constructor.name === "Float16Array" ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
}
