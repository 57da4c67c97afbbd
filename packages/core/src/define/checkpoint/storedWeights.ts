import { f32ArrayToBf16, f32ArrayToF16 } from "../../host/halfPrecision";
import { littleEndianBytes } from "../../host/littleEndian";
import type { FileTensor } from "../../host/tensorFile";
import type { Weights } from "../params";

/** What weights may be stored as. */
export const storedFloats = ["F32", "F16", "BF16"] as const;
export type StoredFloat = (typeof storedFloats)[number];

const convert = {
  F32: (values: Float32Array) => values,
  F16: f32ArrayToF16,
  BF16: f32ArrayToBf16,
} satisfies Record<StoredFloat, (values: Float32Array) => ArrayBufferView>;

/** Weights as tensors of a file, rounded when their bytes are asked for. */
export function storedWeights(weights: Weights, dtype: StoredFloat): ReadonlyMap<string, FileTensor> {
  return new Map(
    Object.entries(weights).map(([name, weight]): [string, FileTensor] => [
      name,
      {
        name,
        dtype,
        shape: weight.shape,
        get bytes() {
          return littleEndianBytes(convert[dtype](weight.data));
        },
      },
    ]),
  );
}
