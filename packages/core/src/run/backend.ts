import type { DType } from "../ir/dtype";
import type { Graph, Scan } from "../ir/graph";
import type { HostTensor } from "../ir/hostTensor";
import type { CompositeName } from "../ir/ops";
import type { Shape } from "../ir/shape";

/** A tensor in a backend's memory. */
export interface DeviceTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Copies the values to the host. */
  read(): Promise<HostTensor>;
  /** Frees the memory. Reading it afterwards is an error. */
  dispose(): void;
}

/** A value to run a graph on. Host tensors are uploaded for the call. */
export type Feed = HostTensor | DeviceTensor;
export type Feeds = Readonly<Record<string, Feed>>;
export type DeviceTensors = Readonly<Record<string, DeviceTensor>>;

export interface Capabilities {
  readonly dtypes: readonly DType[];
  readonly nativeComposites: ReadonlySet<CompositeName>;
  /** Whether the steps of a scan run without returning to the host; elsewhere the host calls each step, and the carry stays. */
  readonly scanStaysOnDevice: boolean;
}

export interface CompileOptions {
  /** Inputs bound now, such as the weights of a model that is only sampled; they are no inputs of the executable. */
  readonly constants?: Readonly<Record<string, HostTensor>>;
}

/** A compiled graph. Inputs are borrowed, outputs belong to the caller. */
export interface Executable {
  run(inputs: Feeds): Promise<DeviceTensors>;
  dispose(): Promise<void>;
}

export interface ScanFeeds {
  readonly constants?: Feeds;
  /** Device tensors given as carry are donated: the call frees them, since the next carry takes their place. */
  readonly carry: Feeds;
  /** Stacked over the steps, [K, ...]. All have the same K. */
  readonly xs: Feeds;
}

export interface ScanResult {
  readonly carry: DeviceTensors;
  /** Stacked over the steps, [K, ...]. */
  readonly ys: DeviceTensors;
}

/** A compiled scan. */
export interface ScanExecutable {
  run(inputs: ScanFeeds): Promise<ScanResult>;
  dispose(): Promise<void>;
}

/** What runs graphs. Everything it cannot run is reported at `compile`, all at once. */
export interface Backend {
  /** Such as `ort-cpu`. */
  readonly name: string;
  readonly capabilities: Capabilities;
  compile(graph: Graph, options?: CompileOptions): Promise<Executable>;
  compileScan(scan: Scan, options?: CompileOptions): Promise<ScanExecutable>;
  upload(host: HostTensor): Promise<DeviceTensor>;
  /** Device tensors not yet disposed of. */
  memory(): { readonly liveTensors: number; readonly liveBytes: number };
  /** Frees all that it still holds: tensors, and what was compiled. */
  dispose(): Promise<void>;
}

export function isDeviceTensor(feed: Feed): feed is DeviceTensor {
  return "read" in feed;
}
