import type { DType } from "@dit/core";
import type { ElementType } from "./onnx/model";

/** ONNX's names of our dtypes, which are onnxruntime's too. */
export const elementTypeOf = {
  f32: "float32",
  f16: "float16",
  bf16: "bfloat16",
  i32: "int32",
  bool: "bool",
} as const satisfies Record<DType, ElementType>;
