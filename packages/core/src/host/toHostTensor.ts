import { FormatError, UnsupportedError } from "../ir/errors";
import { type HostTensor, hostTensor, lazyTensor } from "../ir/hostTensor";
import { bf16ArrayToF32, f16ArrayToF32 } from "./halfPrecision";
import { elementsFromLittleEndian } from "./littleEndian";
import type { FileTensor } from "./tensorFile";

/**
 * A tensor of a file in the nearest host dtype: F32, F16, BF16, I32 and BOOL as they are; F64 rounded to f32; U8, I8,
 * I16 and U16 to i32, exactly; U32, I64 and U64 to i32 if every element fits. Where the dtype stays and the bytes are
 * aligned, the data shares the memory of the file; treat it as read-only.
 * @throws FormatError naming the first element that does not fit in i32, or a BOOL byte other than 0 and 1.
 * @throws UnsupportedError for F8 and complex tensors.
 */
export function toHostTensor(entry: FileTensor): HostTensor {
  const { name, dtype, shape, bytes } = entry;
  switch (dtype) {
    case "F32":
      return hostTensor("f32", shape, elementsFromLittleEndian(Float32Array, bytes));
    case "F64":
      return hostTensor("f32", shape, Float32Array.from(elementsFromLittleEndian(Float64Array, bytes)));
    case "F16":
      return hostTensor("f16", shape, elementsFromLittleEndian(Uint16Array, bytes));
    case "BF16":
      return hostTensor("bf16", shape, elementsFromLittleEndian(Uint16Array, bytes));
    case "BOOL":
      requireEach(bytes, name, (byte) => byte <= 1, "which is not a BOOL (0 or 1)");
      return hostTensor("bool", shape, bytes);
    case "I32":
      return hostTensor("i32", shape, elementsFromLittleEndian(Int32Array, bytes));
    default: {
      const values = toFloat64(entry);
      requireEach(values, name, (value) => value === (value | 0), "which does not fit in i32");
      return hostTensor("i32", shape, Int32Array.from(values));
    }
  }
}

/**
 * A tensor of floats as f32, converted when its values are asked for, and again each time: nothing is kept.
 * @throws FormatError at once for a tensor of anything else
 */
export function toLazyFloat32(entry: FileTensor): HostTensor<"f32"> {
  if (!["F32", "F16", "BF16", "F64"].includes(entry.dtype)) {
    throw new FormatError(`tensor "${entry.name}" is ${entry.dtype}, where floats should be`);
  }
  return lazyTensor("f32", entry.shape, () => toFloat32(entry));
}

/**
 * The elements as float32, each rounded at most once. For F32 the result shares the memory of the file where it is
 * aligned; treat it as read-only. @throws as `toFloat64`.
 */
export function toFloat32(entry: FileTensor): Float32Array {
  switch (entry.dtype) {
    case "F32":
      return elementsFromLittleEndian(Float32Array, entry.bytes);
    case "F16":
      return f16ArrayToF32(elementsFromLittleEndian(Uint16Array, entry.bytes));
    case "BF16":
      return bf16ArrayToF32(elementsFromLittleEndian(Uint16Array, entry.bytes));
    default:
      return Float32Array.from(toFloat64(entry));
  }
}

/**
 * The elements as float64, exactly. For F64 the result shares the memory of the file where it is aligned; treat it as
 * read-only. @throws FormatError naming the first 64-bit integer of 2^53 or more in magnitude. @throws UnsupportedError
 * for F8 and complex.
 */
export function toFloat64(entry: FileTensor): Float64Array {
  const { name, dtype, bytes } = entry;
  switch (dtype) {
    case "F64":
      return elementsFromLittleEndian(Float64Array, bytes);
    case "F32":
    case "F16":
    case "BF16":
      return Float64Array.from(toFloat32(entry));
    case "BOOL":
    case "U8":
      return Float64Array.from(bytes);
    case "I8":
      return Float64Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    case "I16":
      return Float64Array.from(elementsFromLittleEndian(Int16Array, bytes));
    case "U16":
      return Float64Array.from(elementsFromLittleEndian(Uint16Array, bytes));
    case "I32":
      return Float64Array.from(elementsFromLittleEndian(Int32Array, bytes));
    case "U32":
      return Float64Array.from(elementsFromLittleEndian(Uint32Array, bytes));
    case "I64":
    case "U64":
      return wideIntegers(name, bytes, dtype === "I64");
    case "F8_E5M2":
    case "F8_E4M3":
    case "F8_E8M0":
    case "C64":
      throw new UnsupportedError(`tensor "${name}": ${dtype} cannot be converted; save it as F16 or F32`);
    default:
      return dtype satisfies never;
  }
}

/** 64-bit integers from two 32-bit halves, which is far faster than through BigInt. */
function wideIntegers(name: string, bytes: Uint8Array, signed: boolean): Float64Array {
  const words = elementsFromLittleEndian(Uint32Array, bytes);
  const values = new Float64Array(words.length / 2);
  for (let i = 0; i < values.length; i++) {
    const high = words[2 * i + 1]!;
    values[i] = (signed ? high | 0 : high) * 2 ** 32 + words[2 * i]!;
  }
  requireEach(values, name, Number.isSafeInteger, "which float64 does not hold exactly");
  return values;
}

function requireEach(
  values: Uint8Array | Float64Array,
  name: string,
  isGood: (value: number) => boolean,
  complaint: string,
): void {
  const at = values.findIndex((value) => !isGood(value));
  if (at >= 0) throw new FormatError(`tensor "${name}": element ${at} is ${values[at]}, ${complaint}`);
}
