import type { Precision } from "@dit/core";
import { portable } from "../lower/portable";
import { holding } from "../lower/quantizedLinear";
import type { WeightFormat } from "../lower/quantizedMatrix";
import type { Target } from "../lower/target";

/** What the numbers of an exported network are held in; its inputs and outputs are f32 in any case. */
export interface ExportFormat {
  /** What the network computes in. */
  readonly precision: Precision;
  /** What the weights of linear layers are held in. */
  readonly weights: WeightFormat;
  /** What transformers.js appends to a file's name. */
  readonly suffix: string;
}

/** By the names that transformers.js gives them. */
export const exportFormats = {
  f32: { precision: "f32", weights: "f32", suffix: "" },
  f16: { precision: "f16", weights: "f32", suffix: "_fp16" },
  q8: { precision: "f32", weights: "int8", suffix: "_quantized" },
  q4: { precision: "f32", weights: "int4", suffix: "_q4" },
  q4f16: { precision: "f16", weights: "int4", suffix: "_q4f16" },
} as const satisfies Record<string, ExportFormat>;

export type ExportDType = keyof typeof exportFormats;

/** How a program is written. */
export interface ProgramOptions {
  readonly dtype?: ExportDType;
  /** Version of the standard operators, 18 to 23. */
  readonly opset?: number;
}

/** What its graph becomes ONNX for: every runtime, whatever runs fastest on this one. */
export function targetOf({ dtype = "f32", opset }: ProgramOptions): Target {
  return holding(exportFormats[dtype].weights, portable(opset));
}
