import { FormatError } from "@dit/core";
import { type NpyCode, type NpyHeader, sizeOf } from "@dit/core/internal";

/** How arrays of each code lie in memory; f2 as its bits. */
const arrayTypes = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  u8: BigUint64Array,
  i8: BigInt64Array,
  f2: Uint16Array,
  f4: Float32Array,
  f8: Float64Array,
} as const satisfies Record<NpyCode, unknown>;

/** An array of a file, row-major, in the machine's byte order. */
export interface NpzArray {
  readonly code: NpyCode;
  readonly shape: readonly number[];
  readonly data: InstanceType<(typeof arrayTypes)[NpyCode]>;
}

export const bytesOf = (code: NpyCode): number => arrayTypes[code].BYTES_PER_ELEMENT;

/** Row-major data of `shape` from the file's bytes, whose memory it takes over. @throws FormatError when there are too few or too many */
export function decodeArray(
  header: NpyHeader,
  bytes: Uint8Array<ArrayBuffer>,
  shape: readonly number[],
  file: string,
): NpzArray {
  const { code, bigEndian, fortran } = header;
  if (bytes.length !== sizeOf(shape) * bytesOf(code)) {
    throw new FormatError(
      `${file}: ${code} of shape [${shape}] takes ${sizeOf(shape) * bytesOf(code)} bytes, there are ${bytes.length}`,
    );
  }
  if (bigEndian) reverseElements(bytes, bytesOf(code));
  const data = new arrayTypes[code](bytes.buffer);
  return { code, shape, data: fortran && shape.length > 1 ? rowMajor(data, shape) : data };
}

function reverseElements(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** From an order in which the first index runs fastest. */
function rowMajor<A extends NpzArray["data"]>(data: A, shape: readonly number[]): A {
  const out = data.slice() as A;
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  for (let at = 0; at < data.length; at++) {
    out[at] = data[index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return out;
}
