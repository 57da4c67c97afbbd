import { DitError, FormatError, UnsupportedError } from "../ir/errors";
import type { Shape } from "../ir/shape";

/** Numbers as NumPy's type codes name them: a kind and its bytes. u1 is uint8, f4 is float32, b1 a truth value. */
export const npyCodes = ["b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"] as const;
export type NpyCode = (typeof npyCodes)[number];

/** What a .npy file says of its array. */
export interface NpyHeader {
  readonly code: NpyCode;
  readonly bigEndian: boolean;
  readonly shape: Shape;
  /** Whether the first index, and not the last, is that of neighbours in memory. */
  readonly fortran: boolean;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // "\x93NUMPY"

/**
 * The bytes before the data of a .npy file: format version 1.0, row-major, little-endian, padded so that the data
 * begins at a multiple of 64. Source: NumPy, numpy.lib.format.
 */
export function encodeNpyHeader(code: NpyCode, shape: Shape): Uint8Array {
  const descr = code.endsWith("1") ? `|${code}` : `<${code}`;
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

/** The bytes before the header's text: it has 2 bytes for its length in version 1, then 4. */
export const npyPrefixBytes = 12;

/** Where the array begins. `prefix`: the first 12 bytes. @throws FormatError when it is no .npy file */
export function npyDataOffset(prefix: Uint8Array, file: string): number {
  const version = prefix[6]!;
  if (prefix.length < npyPrefixBytes || magic.some((byte, i) => prefix[i] !== byte) || version < 1 || version > 3) {
    throw new FormatError(`${file}: not a .npy array`);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const offset = version === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
  if (offset < npyPrefixBytes) throw new FormatError(`${file}: damaged: its header has no text`);
  return offset;
}

/**
 * The header's text, a Python dictionary. `header`: all bytes before the data. Source: NumPy, numpy.lib.format.
 * @throws FormatError when it cannot be read. @throws UnsupportedError for what are no numbers
 */
export function parseNpyHeader(header: Uint8Array, file: string): NpyHeader {
  const text = new TextDecoder("latin1").decode(header.subarray(header[6] === 1 ? 10 : 12));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape':\s*\(([\d\sL,]*)\)/.exec(text)?.[1]; // Python 2 wrote 3L for a long 3
  if (fortran === undefined || sizes === undefined) {
    throw new FormatError(`${file}: cannot read the header ${JSON.stringify(text.trim())}`);
  }
  const code = npyCodes.find((known) => known === descr?.slice(1));
  if (code === undefined || !"<>|=".includes(descr![0]!)) {
    throw new UnsupportedError(
      `${file}: dtype ${descr === undefined ? "of several fields" : JSON.stringify(descr)}; save it as one of ${npyCodes.join(" ")}`,
    );
  }
  const shape = (sizes.match(/\d+/g) ?? []).map(Number);
  return { code, bigEndian: descr![0] === ">", shape, fortran: fortran === "True" };
}
