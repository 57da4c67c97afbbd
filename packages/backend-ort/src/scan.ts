import type { HostTensor, Scan } from "@dit/core";
import type { LoopInputs } from "@dit/core/internal";
import type { Tensor as RuntimeTensor } from "onnxruntime-common";
import type { Target } from "./lower/target";
import type { Tensors } from "./ortTensor";
import type { Runtime } from "./platform/platform";
import type { Sessions } from "./sessions";
import type { Transfers } from "./transfers";

/** What a backend runs scans with. */
export interface Engine {
  readonly runtime: Runtime;
  readonly target: Target;
  readonly sessions: Sessions;
  readonly tensors: Tensors;
  readonly transfers: Transfers;
}

/** A scan that is ready to run; values are in the order of its ports. */
export interface CompiledScan {
  run(inputs: LoopInputs): Promise<{ readonly carry: readonly RuntimeTensor[]; readonly ys: readonly RuntimeTensor[] }>;
  close(): Promise<void>;
}

/** @param bound the constants that are known now */
export type CompileScan = (
  engine: Engine,
  scan: Scan,
  bound: Readonly<Record<string, HostTensor>>,
) => Promise<CompiledScan>;
