import type { Precision } from "@dit/core";
import type { LowerOptions } from "../lower/lowerGraph";

/** How a program is written. */
export interface ProgramOptions {
  /** What the network computes in; inputs and outputs are f32 in any case. */
  readonly precision?: Precision;
  /** Version of the standard operators, 18 to 23. */
  readonly opset?: number;
}

/** How its graph becomes ONNX: for every runtime, whatever runs fastest on this one. */
export function lowerOptions({ opset }: ProgramOptions): LowerOptions {
  return { isPortable: true, ...(opset === undefined ? {} : { opset }) };
}
