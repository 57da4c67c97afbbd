import { UnsupportedError } from "../ir/errors";

const hostIsLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

type NumberArray = Float32Array | Float64Array | Uint16Array | Int16Array | Uint32Array | Int32Array | BigInt64Array;

/**
 * The elements of `array` as little-endian bytes, sharing its memory.
 * @throws UnsupportedError on a big-endian machine, where every multi-byte element would have to be turned round.
 */
export function littleEndianBytes(array: ArrayBufferView): Uint8Array {
  requireLittleEndian();
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * Little-endian `bytes` as elements of `ArrayType`: a view that shares memory where the bytes are aligned to the
 * element size, else a copy. `bytes.length` must be a multiple of the element size.
 * @throws UnsupportedError on a big-endian machine.
 */
export function elementsFromLittleEndian<A extends NumberArray>(
  ArrayType: { new (buffer: ArrayBufferLike, offset: number, length: number): A; readonly BYTES_PER_ELEMENT: number },
  bytes: Uint8Array,
): A {
  requireLittleEndian();
  const size = ArrayType.BYTES_PER_ELEMENT;
  // Not bytes.slice(): that of Node's Buffer is a view, which would stay unaligned.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new ArrayType(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

function requireLittleEndian(): void {
  if (!hostIsLittleEndian) throw new UnsupportedError("tensor files cannot be read or written on a big-endian machine");
}
