import { type DType, type HostTensor, hostTensor } from "@dit/core";
import {
  blockInt4,
  blockScales,
  dequantize,
  f16ArrayToF32,
  f32ArrayToF16,
  type IntegerFormat,
  perChannelInt8,
  quantize,
  sizeOf,
} from "@dit/core/internal";

/**
 * What the weights of the linear layers are held in.
 * - `int8`: one scale to an output channel. Activations are rounded to 8 bits as they come, with scales of their own.
 * - `int4`: 4 bits in blocks of 32, activations as with int8.
 */
export type WeightFormat = "f32" | "int8" | "int4";

/** Those that hold integers. */
export type QuantizedFormat = Exclude<WeightFormat, "f32">;

export const integerFormats: { readonly [F in QuantizedFormat]: IntegerFormat } = {
  int8: perChannelInt8,
  int4: blockInt4,
};

/** A weight [N, ...] as a matrix [N, K] of integers and their scales, each made anew when it is asked for. */
export interface QuantizedMatrix {
  readonly rows: number;
  readonly columns: number;
  /** [N, blocks], as `dtype` holds them. */
  scales(): Float32Array;
  /** [N, K] */
  integers(): Int8Array;
  /** What they stand for, [N, K]. */
  values(): Float32Array;
}

/** @param dtype what the layer computes in, and hence its scales */
export function quantizedMatrix(weight: HostTensor, kind: QuantizedFormat, dtype: DType): QuantizedMatrix {
  const format = integerFormats[kind];
  const rows = weight.shape[0]!;
  const columns = sizeOf(weight.shape) / rows;
  const held = (values: Float32Array) => (dtype === "f16" ? f16ArrayToF32(f32ArrayToF16(values)) : values);
  // A layer in half precision has its weight in it, too, before it is quantised.
  const matrix = () => hostTensor("f32", [rows, columns], held(inF32(weight)));
  const scalesOf = (of: HostTensor<"f32">) => held(blockScales(of, format));
  const integersOf = (of: HostTensor<"f32">, scales: Float32Array) => quantize(of, scales, format);
  return {
    rows,
    columns,
    scales: () => scalesOf(matrix()),
    integers: () => {
      const loaded = matrix();
      return integersOf(loaded, scalesOf(loaded));
    },
    values: () => {
      const loaded = matrix();
      const scales = scalesOf(loaded);
      return dequantize(integersOf(loaded, scales), scales, columns, format);
    },
  };
}

function inF32({ dtype, data }: HostTensor): Float32Array {
  return dtype === "f16" ? f16ArrayToF32(data as Uint16Array) : (data as Float32Array);
}
