import { bytesPerElement, type DType } from "../ir/dtype";
import { DitError } from "../ir/errors";
import type { Port, Scan } from "../ir/graph";
import type { HostTensor } from "../ir/hostTensor";
import { type Shape, sizeOf } from "../ir/shape";
import type { Backend, DeviceTensor, DeviceTensors, ScanResult } from "./backend";

/** What a runtime does with a value `V` that it holds. */
export interface ValueAccess<V> {
  read(value: V, dtype: DType, shape: Shape): Promise<HostTensor["data"]>;
  free(value: V): void;
}

/** Makes and counts the device tensors of one backend: each stands for a value of its runtime until it is disposed of. */
export class LiveTensors<V> {
  private readonly values = new Map<DeviceTensor, V>();
  private closed = false;

  constructor(private readonly access: ValueAccess<V>) {}

  /**
   * Takes over a value of the runtime.
   * @throws DitError when the backend was disposed of; the value is freed all the same, as in the two below
   */
  wrap(dtype: DType, shape: Shape, value: V): DeviceTensor {
    this.requireOpen([value]);
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

  /** Takes over what a graph returned: values by the names of its ports. */
  wrapAll(ports: readonly Port[], values: readonly V[], lead: Shape = []): DeviceTensors {
    this.requireOpen(values);
    const named = ports.map(({ name, tensor: { dtype, shape } }, i) => {
      return [name, this.wrap(dtype, [...lead, ...shape], values[i]!)] as const;
    });
    return Object.fromEntries(named);
  }

  /** Takes over what a scan returned: its last carry, and outputs stacked over the steps. */
  wrapScan(scan: Scan, last: { readonly [K in keyof ScanResult]: readonly V[] }, steps: number): ScanResult {
    this.requireOpen([...last.carry, ...last.ys]);
    return { carry: this.wrapAll(scan.carry, last.carry), ys: this.wrapAll(scan.ys, last.ys, [steps]) };
  }

  /** @throws DitError when the backend was disposed of, having freed the values, which came too late */
  private requireOpen(late: readonly V[]): void {
    if (!this.closed) return;
    for (const value of late) this.access.free(value);
    throw new DitError("the backend was disposed of");
  }

  /** Whether the backend was disposed of. */
  get isClosed(): boolean {
    return this.closed;
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

  /** Frees all, and whatever would come after. */
  disposeAll(): void {
    this.closed = true;
    for (const tensor of [...this.values.keys()]) tensor.dispose();
  }
}
