import type { HostTensor } from "@dit/core";
import type { KernelBackend, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs-core";
import { tfjsDtype } from "./dtypes";
import type { Device } from "./runtime";

/** What a kernel computes on: by name, or in order where their number varies. */
type KernelInputs = Readonly<Record<string, TensorInfo | undefined>> | readonly TensorInfo[];

/**
 * Runs the kernels of one device, past tfjs's engine: its tape and checks have no use here, where the graph says what is
 * computed, in which dtype, and when each value is read last. Each handle holds one reference of its data, and is freed
 * once.
 */
export class Kernels {
  /** The handles that the innermost scope owns. */
  private made = new Set<TensorInfo>();

  readonly backend: KernelBackend;

  constructor(private readonly device: Device) {
    this.backend = device.backend;
  }

  /** One kernel, by tfjs's name of it. */
  run(name: string, inputs: KernelInputs, attrs: object = {}): TensorInfo {
    const kernel = this.device.kernel(name);
    const { backend } = this;
    return this.own(
      kernel({ inputs: inputs as NamedTensorInfoMap, attrs: attrs as NamedAttrMap, backend }) as TensorInfo,
    );
  }

  /** Copies a host tensor to the device. */
  upload({ dtype, shape, data }: HostTensor): TensorInfo {
    const target = tfjsDtype(dtype);
    // The copy is for the devices that keep the array they are given.
    const dataId = this.backend.write(data.slice() as Float32Array, [...shape], target);
    return this.own({ dataId, shape: [...shape], dtype: target });
  }

  /** Another handle on the same data. */
  share({ dataId, shape, dtype }: TensorInfo): TensorInfo {
    this.backend.incRef(dataId);
    return this.own({ dataId, shape, dtype });
  }

  /**
   * Whatever `compute` makes is freed when it returns or throws, but what it returns: that belongs to the scope around, or,
   * where there is none, to the caller.
   */
  scope<T extends TensorInfo | readonly TensorInfo[]>(compute: () => T): T {
    const outer = this.made;
    const own = new Set<TensorInfo>();
    this.made = own;
    try {
      const result = compute();
      for (const info of resultsOf(result)) {
        own.delete(info);
        outer.add(info);
      }
      return result;
    } finally {
      for (const info of own) this.free(info);
      this.made = outer;
    }
  }

  /** Frees a handle before its scope ends, or one that belongs to no scope. */
  free(info: TensorInfo): void {
    this.made.delete(info);
    this.backend.disposeData(info.dataId);
  }

  /** The values, read through a reference of their own, so that the tensor may be freed meanwhile. */
  async read({ dataId }: TensorInfo): Promise<ArrayLike<number>> {
    const { backend } = this;
    backend.incRef(dataId);
    try {
      return (await backend.read(dataId)) as Float32Array;
    } finally {
      backend.disposeData(dataId);
    }
  }

  /** Leaves a handle to the innermost scope. */
  own(info: TensorInfo): TensorInfo {
    this.made.add(info);
    return info;
  }
}

function resultsOf(result: TensorInfo | readonly TensorInfo[]): readonly TensorInfo[] {
  return Array.isArray(result) ? result : [result as TensorInfo];
}
