import { FormatError } from "@dit/core";

/** The contents of an IDX file (the format of MNIST): unsigned bytes with a shape. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const unsignedByte = 0x08;

/**
 * Parses an IDX file: two zero bytes, the element type, the number of axes, each axis as a big-endian 32-bit size, then the elements.
 * `data` shares memory with `bytes`. `file` is named in errors.
 * @throws FormatError when it is not an IDX file of unsigned bytes with `rank` axes, or its length is not what its header says.
 */
export function parseIdx(bytes: Uint8Array, rank: number, file: string): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0) {
    throw new FormatError(`${file}: not an IDX file (it does not begin with two zero bytes)`);
  }
  if (bytes[2] !== unsignedByte) {
    throw new FormatError(`${file}: IDX element type is ${hex(bytes[2]!)}, only ${hex(unsignedByte)} (bytes) is known`);
  }
  if (bytes[3] !== rank) throw new FormatError(`${file}: IDX array has ${bytes[3]} axes, expected ${rank}`);
  const header = 4 + 4 * rank;
  if (bytes.length < header) throw new FormatError(`${file}: IDX header is cut off`);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, n) => product * n, 1);
  if (bytes.length !== header + size) {
    throw new FormatError(
      `${file}: IDX shape [${shape}] needs ${header + size} bytes, the file has ${bytes.length}; download it again`,
    );
  }
  return { shape, data: bytes.subarray(header) };
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
