import type { DType } from "@dit/core";
import { cuda, webgpu } from "./lower/graphics";
import { processor } from "./lower/processor";
import type { WeightFormat } from "./lower/quantizedMatrix";
import type { Target } from "./lower/target";

/** Which of onnxruntime's execution providers runs the graphs: `wasm` is a browser's `cpu`. */
export type OrtProvider = "cpu" | "cuda" | "wasm" | "webgpu";

/** What differs between the execution providers. */
export interface Provider {
  /**
   * @param threads inside one operation, by which a processor takes a batch apart
   * @param weights what linear layers hold theirs in, on a processor
   */
  target(threads: number, weights?: WeightFormat): Target;
  /** What it computes in where the hardware is able to. */
  readonly dtypes: readonly DType[];
  /**
   * Where values are between two runs. A provider whose values stay with it is left to run every node: a node that it has
   * no kernel for is an error, not a detour over the processor.
   */
  readonly memory: "cpu" | "gpu-buffer";
  /** Whether a scan becomes a `Loop` of the runtime. WebGPU has none: the processor's would copy the state at each step. */
  readonly hasLoop: boolean;
  /** Whether it comes with the runtime and works everywhere; the others are tried when they are opened. */
  readonly isCertain: boolean;
}

// None has kernels for bf16. The processor's compute f16 in f32 and round.
const dtypes = ["f32", "f16", "i32", "bool"] as const;
const onProcessor: Provider = {
  target: processor,
  dtypes,
  memory: "cpu",
  hasLoop: true,
  isCertain: true,
};

export const providers: { readonly [P in OrtProvider]: Provider } = {
  cpu: onProcessor,
  wasm: onProcessor,
  // onnxruntime-node hands no CUDA memory out: state comes back to the host at the end of a call, not of a step.
  cuda: { target: () => cuda, dtypes, memory: "cpu", hasLoop: true, isCertain: false },
  webgpu: { target: () => webgpu, dtypes, memory: "gpu-buffer", hasLoop: false, isCertain: false },
};
