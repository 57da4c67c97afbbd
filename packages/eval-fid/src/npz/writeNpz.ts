import { FormatError } from "@dit/core";
import { encodeNpyHeader, littleEndianBytes, type NpyCode, sizeOf, zipWriter } from "@dit/core/internal";
import { bytesOf } from "./npyArray";

/** Where a file's bytes go, in order. */
export type ByteSink = (bytes: Uint8Array) => Promise<void> | void;

/** An array of it that is written bit by bit. */
export interface NpzArrayWriter {
  /** The next numbers, row-major, as many as there are. */
  put(piece: ArrayBufferView): Promise<void>;
  /** @throws FormatError when they were too few or too many */
  end(): Promise<void>;
}

/** An .npz file in the making. */
export interface NpzWriter {
  /** Begins an array; the next one can begin when it has ended. */
  begin(name: string, code: NpyCode, shape: readonly number[]): Promise<NpzArrayWriter>;
  /** Adds an array; its data comes in pieces of any size, row-major. */
  add(
    name: string,
    code: NpyCode,
    shape: readonly number[],
    pieces: Iterable<ArrayBufferView> | AsyncIterable<ArrayBufferView>,
  ): Promise<void>;
  /** Adds the bytes of a .npy file as they are, of whatever it holds. */
  copy(name: string, npy: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** Writes the directory. Without it the file cannot be opened. */
  finish(): Promise<void>;
}

/**
 * Writes an .npz file that numpy.load reads, stored, of any size, without ever going back. Equal arrays give equal bytes.
 */
export function npzWriter(sink: ByteSink): NpzWriter {
  const zip = zipWriter();
  const write = async (piece: Uint8Array) => {
    zip.data(piece);
    await sink(piece);
  };
  const begin: NpzWriter["begin"] = async (name, code, shape) => {
    await sink(zip.begin(`${name}.npy`));
    await write(encodeNpyHeader(code, shape));
    let bytes = 0;
    return {
      put: async (piece) => {
        bytes += piece.byteLength;
        await write(littleEndianBytes(piece));
      },
      end: async () => {
        const expected = sizeOf(shape) * bytesOf(code);
        if (bytes !== expected) {
          throw new FormatError(`npz: ${name} of shape [${shape}] takes ${expected} bytes, ${bytes} were given`);
        }
        await sink(zip.end());
      },
    };
  };
  return {
    begin,
    add: async (name, code, shape, pieces) => {
      const array = await begin(name, code, shape);
      for await (const piece of pieces) await array.put(piece);
      await array.end();
    },
    copy: async (name, npy) => {
      await sink(zip.begin(`${name}.npy`));
      for await (const piece of npy) await write(piece);
      await sink(zip.end());
    },
    finish: async () => sink(zip.finish()),
  };
}
