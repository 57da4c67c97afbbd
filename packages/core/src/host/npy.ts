import { DitError, FormatError, UnsupportedError } from "../ir/errors";
import { type Shape, sizeOf } from "../ir/shape";
import { elementsFromLittleEndian, littleEndianBytes } from "./littleEndian";

/** How arrays of each dtype lie in memory. The dtypes are NumPy's type codes: u1 is uint8, f4 is float32, and so on. */
export interface NpyArrays {
  u1: Uint8Array;
  i4: Int32Array;
  i8: BigInt64Array;
  f4: Float32Array;
  f8: Float64Array;
}

export type NpyDType = keyof NpyArrays;

/** An array of a .npy file, row-major. */
export interface NpyArray<D extends NpyDType = NpyDType> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: NpyArrays[D];
}

const bytesPerElement: { readonly [D in NpyDType]: number } = { u1: 1, i4: 4, i8: 8, f4: 4, f8: 8 };
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // "\x93NUMPY"

/**
 * The bytes before the data of a .npy file: format version 1.0, row-major, little-endian, padded so that the data
 * begins at a multiple of 64. Source: NumPy, numpy.lib.format.
 */
export function encodeNpyHeader(dtype: NpyDType, shape: Shape): Uint8Array {
  const descr = dtype === "u1" ? "|u1" : `<${dtype}`;
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", "); // a Python tuple of one needs its comma
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const total = Math.ceil((10 + text.length + 1) / 64) * 64;
  if (total - 10 > 0xffff) throw new DitError(`npy: a shape of ${shape.length} axes does not fit in a header`);
  const bytes = new Uint8Array(total).fill(0x20);
  bytes.set([...magic, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, total - 10, true);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[total - 1] = 0x0a;
  return bytes;
}

/** A .npy file that numpy.load reads. @throws DitError when the data does not fit the dtype and shape. */
export function writeNpy({ dtype, shape, data }: NpyArray): Uint8Array {
  const bytes = littleEndianBytes(data);
  const needed = sizeOf(shape) * bytesPerElement[dtype];
  if (bytes.length !== needed) {
    throw new DitError(`npy: ${dtype} of shape [${shape}] takes ${needed} bytes, got ${bytes.length}`);
  }
  const header = encodeNpyHeader(dtype, shape);
  const file = new Uint8Array(header.length + bytes.length);
  file.set(header);
  file.set(bytes, header.length);
  return file;
}

/**
 * Reads a row-major, little-endian .npy file of one of the dtypes above, versions 1.0 to 3.0. The data shares the
 * memory of the file where it is aligned; treat it as read-only.
 * @throws FormatError for a damaged file. @throws UnsupportedError for another dtype, byte order or memory order.
 */
export function readNpy(bytes: Uint8Array): NpyArray {
  const { text, dataOffset } = headerText(bytes);
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (fortran === undefined || sizes === undefined)
    throw new FormatError(`npy: cannot read the header ${JSON.stringify(text.trim())}`);
  const shape = (sizes.match(/\d+/g) ?? []).map(Number);
  const dtype = descr === "|u1" ? "u1" : descr?.startsWith("<") ? descr.slice(1) : undefined;
  if (dtype === undefined || !isNpyDType(dtype)) {
    throw new UnsupportedError(
      `npy: dtype ${descr === undefined ? "of several fields" : JSON.stringify(descr)}; save it as one of |u1 <i4 <i8 <f4 <f8`,
    );
  }
  if (fortran === "True" && shape.length > 1) {
    throw new UnsupportedError("npy: the array is in Fortran order; save it with numpy.ascontiguousarray");
  }
  const needed = sizeOf(shape) * bytesPerElement[dtype];
  if (bytes.length - dataOffset !== needed) {
    throw new FormatError(
      `npy: ${dtype} of shape [${shape}] takes ${needed} bytes, the file has ${bytes.length - dataOffset} after its header`,
    );
  }
  const data = new Uint8Array(bytes.buffer, bytes.byteOffset + dataOffset, needed);
  return { dtype, shape, data: elements(dtype, data) };
}

function headerText(bytes: Uint8Array): { text: string; dataOffset: number } {
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) throw new FormatError("npy: not a .npy file");
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw new FormatError(`npy: unknown format version ${version}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const dataOffset = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataOffset > bytes.length) {
    throw new FormatError(`npy: truncated: header ends at byte ${dataOffset} of a file of ${bytes.length} bytes`);
  }
  return { text: new TextDecoder().decode(bytes.subarray(start, dataOffset)), dataOffset };
}

function elements(dtype: NpyDType, bytes: Uint8Array): NpyArrays[NpyDType] {
  switch (dtype) {
    case "u1":
      return bytes;
    case "i4":
      return elementsFromLittleEndian(Int32Array, bytes);
    case "i8":
      return elementsFromLittleEndian(BigInt64Array, bytes);
    case "f4":
      return elementsFromLittleEndian(Float32Array, bytes);
    case "f8":
      return elementsFromLittleEndian(Float64Array, bytes);
    default:
      return dtype satisfies never;
  }
}

function isNpyDType(text: string): text is NpyDType {
  return Object.hasOwn(bytesPerElement, text);
}
