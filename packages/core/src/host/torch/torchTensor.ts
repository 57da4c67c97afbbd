import { FormatError, UnsupportedError } from "../../ir/errors";
import { type Shape, sizeOf } from "../../ir/shape";
import type { ByteSource } from "../byteSource";
import { type SafetensorsDType, safetensorsElementBytes } from "../safetensorsHeader";
import type { FileTensor } from "../tensorFile";
import { stridedCopy } from "./stridedCopy";

/** A block of memory that tensors are views of, as a pickle names it. */
export class TorchStorage {
  constructor(
    readonly key: string,
    readonly dtype: SafetensorsDType,
    /** In elements of `dtype`. */
    readonly length: number,
  ) {}

  get bytes(): number {
    return this.length * safetensorsElementBytes[this.dtype];
  }
}

/** A view of a storage: element (i, j, ...) is at `offset` + i * strides[0] + j * strides[1] + ..., counted in elements. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly dtype: SafetensorsDType,
    readonly offset: number,
    readonly shape: Shape,
    readonly strides: readonly number[],
  ) {}
}

/**
 * A view as a pickle describes it, checked against its storage.
 * @throws FormatError when it reaches outside, or has more elements than the storage: a file of a kilobyte must not make
 * tensors of gigabytes
 */
export function torchTensor(
  storage: unknown,
  offset: unknown,
  shape: unknown,
  strides: unknown,
  dtype?: SafetensorsDType,
): TorchTensor {
  if (!(storage instanceof TorchStorage)) throw new FormatError("torch: a tensor has no storage");
  if (!isSizes([offset]) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length) {
    throw new FormatError(`torch: a tensor of shape [${String(shape)}] and strides [${String(strides)}]`);
  }
  const view = new TorchTensor(storage, dtype ?? storage.dtype, offset as number, shape, strides);
  const length = storage.bytes / safetensorsElementBytes[view.dtype];
  const end = sizeOf(shape) === 0 ? view.offset : view.offset + spanOf(view);
  if (end > length) {
    throw new FormatError(`torch: a tensor of shape [${shape}] ends at element ${end} of a storage of ${length}`);
  }
  if (sizeOf(shape) > length) {
    throw new FormatError(
      `torch: a tensor of shape [${shape}] repeats the ${length} elements of its storage; save it with .contiguous()`,
    );
  }
  return view;
}

/** The tensor with its elements in order, fetched from `source`, where its storage begins at `start`. */
export function fileTensor(name: string, view: TorchTensor, source: ByteSource, start: number): FileTensor {
  const { dtype, shape, strides } = view;
  const elementBytes = safetensorsElementBytes[dtype];
  return {
    name,
    dtype,
    shape,
    get bytes() {
      const span = sizeOf(shape) === 0 ? 0 : spanOf(view);
      const bytes = source.read(start + view.offset * elementBytes, span * elementBytes);
      return stridedCopy(bytes, shape, strides, elementBytes);
    },
  };
}

/** Elements from the first to the last one of a view that has any. */
function spanOf({ shape, strides }: TorchTensor): number {
  return shape.reduce((span, size, axis) => span + (size - 1) * strides[axis]!, 1);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 64 && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** @throws UnsupportedError for an element type that no file of ours can hold */
export function storageDType(name: string): SafetensorsDType {
  const dtype = dtypes.get(name);
  if (dtype !== undefined) return dtype;
  throw new UnsupportedError(`torch: elements of type ${name} cannot be read; save the tensors as float32`);
}

/** PyTorch's element types, by the names of its dtypes and of its older storage classes. */
const dtypes: ReadonlyMap<string, SafetensorsDType> = new Map([
  ["float32", "F32"],
  ["float64", "F64"],
  ["float16", "F16"],
  ["bfloat16", "BF16"],
  ["int64", "I64"],
  ["int32", "I32"],
  ["int16", "I16"],
  ["int8", "I8"],
  ["uint8", "U8"],
  ["uint16", "U16"],
  ["uint32", "U32"],
  ["uint64", "U64"],
  ["bool", "BOOL"],
  ["complex64", "C64"],
  ["float8_e5m2", "F8_E5M2"],
  ["float8_e4m3fn", "F8_E4M3"],
  ["float8_e8m0fnu", "F8_E8M0"],
]);
