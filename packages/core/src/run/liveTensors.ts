import { bytesPerElement, type DType } from "../ir/dtype";
import { DitError } from "../ir/errors";
import type { HostTensor } from "../ir/hostTensor";
import { type Shape, sizeOf } from "../ir/shape";
import type { Backend, DeviceTensor } from "./backend";

/** What a runtime does with a value `V` that it holds. */
export interface ValueAccess<V> {
  read(value: V, dtype: DType, shape: Shape): Promise<HostTensor["data"]>;
  free(value: V): void;
}

/** Makes and counts the device tensors of one backend: each stands for a value of its runtime until it is disposed of. */
export class LiveTensors<V> {
  private readonly values = new Map<DeviceTensor, V>();

  constructor(private readonly access: ValueAccess<V>) {}

  /** Takes over a value of the runtime. */
  wrap(dtype: DType, shape: Shape, value: V): DeviceTensor {
    const tensor: DeviceTensor = {
      dtype,
      shape,
      read: async () =>
        ({ dtype, shape, data: await this.access.read(this.valueOf(tensor), dtype, shape) }) as HostTensor,
      dispose: () => {
        if (this.values.delete(tensor)) this.access.free(value);
      },
    };
    this.values.set(tensor, value);
    return tensor;
  }

  /** Whether a tensor is one of these, and not disposed of. */
  has(tensor: DeviceTensor): boolean {
    return this.values.has(tensor);
  }

  /** @throws DitError for a tensor that was disposed of */
  valueOf(tensor: DeviceTensor): V {
    if (!this.has(tensor)) throw new DitError("this tensor was disposed of");
    return this.values.get(tensor)!;
  }

  memory(): ReturnType<Backend["memory"]> {
    let liveBytes = 0;
    for (const { dtype, shape } of this.values.keys()) liveBytes += sizeOf(shape) * bytesPerElement[dtype];
    return { liveTensors: this.values.size, liveBytes };
  }

  disposeAll(): void {
    for (const tensor of [...this.values.keys()]) tensor.dispose();
  }
}
