import type { DType } from "@dit/core";
import type { DataType } from "@tensorflow/tfjs-core";

/** The dtypes that TensorFlow.js computes in. It has no half precision. */
export const dtypes = ["f32", "i32", "bool"] as const satisfies readonly DType[];

/** TensorFlow.js's names of them. */
export const dtypeOf: Readonly<Record<(typeof dtypes)[number], DataType>> = {
  f32: "float32",
  i32: "int32",
  bool: "bool",
};

/** The name of any dtype; graphs with others are refused at compile, and feeds have the dtypes of their graph. */
export function tfjsDtype(dtype: DType): DataType {
  return dtypeOf[dtype as (typeof dtypes)[number]];
}
