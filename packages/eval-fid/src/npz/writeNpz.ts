import { FormatError } from "@dit/core";
import { crc32, encodeNpyHeader, type NpyDType, sizeOf } from "@dit/core/internal";
import { bytesOf } from "./npyArray";

/** Where a file's bytes go, in order. */
export type ByteSink = (bytes: Uint8Array) => Promise<void> | void;

/** An .npz file in the making. */
export interface NpzWriter {
  /** Adds an array; its data comes in pieces of any size, row-major and little-endian. */
  add(
    name: string,
    code: NpyDType,
    shape: readonly number[],
    pieces: Iterable<ArrayBufferView> | AsyncIterable<ArrayBufferView>,
  ): Promise<void>;
  /** Writes the directory. Without it the file cannot be opened. */
  finish(): Promise<void>;
}

interface Written {
  readonly name: Uint8Array;
  readonly crc: number;
  readonly bytes: number;
  readonly headerAt: number;
}

const version64 = 45;
/** Bit 3: sizes and checksum follow the data; bit 11: names are UTF-8. */
const flags = (1 << 3) | (1 << 11);
const firstOfJanuary1980 = 0x21;
const none32 = 0xffffffff;

/**
 * Writes an .npz file that numpy.load reads, stored, of any size, without ever going back: the sizes stand behind the
 * data and in the directory, in 64 bits. Equal arrays give equal bytes.
 * Source: PKWARE APPNOTE 6.3, sections 4.3.7 to 4.3.16 and 4.5.3.
 */
export function npzWriter(sink: ByteSink): NpzWriter {
  const entries: Written[] = [];
  let at = 0;
  const write = async (bytes: Uint8Array) => {
    at += bytes.length;
    await sink(bytes);
  };
  return {
    add: async (name, code, shape, pieces) => {
      const fileName = new TextEncoder().encode(`${name}.npy`);
      const headerAt = at;
      await write(localHeader(fileName));
      let bytes = 0;
      let crc = 0;
      const put = async (piece: Uint8Array) => {
        bytes += piece.length;
        crc = crc32(piece, crc);
        await write(piece);
      };
      const header = encodeNpyHeader(code, shape);
      await put(header);
      for await (const { buffer, byteOffset, byteLength } of pieces)
        await put(new Uint8Array(buffer, byteOffset, byteLength));
      const expected = sizeOf(shape) * bytesOf(code);
      if (bytes - header.length !== expected) {
        throw new FormatError(
          `npz: ${name} of shape [${shape}] takes ${expected} bytes, ${bytes - header.length} were given`,
        );
      }
      await write(record([4, 0x08074b50], [4, crc], [8, bytes], [8, bytes]));
      entries.push({ name: fileName, crc, bytes, headerAt });
    },
    finish: async () => {
      const start = at;
      for (const entry of entries) await write(directoryEntry(entry));
      await write(endRecords(entries.length, at - start, start));
    },
  };
}

/** Numbers of 2, 4 or 8 bytes, one after the other. */
function record(...fields: readonly (readonly [bytes: 2 | 4 | 8, value: number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value % 2 ** 32, true);
    if (bytes === 8) view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The zip64 field announces that the sizes behind the data have 8 bytes. */
function localHeader(name: Uint8Array): Uint8Array {
  return joined(
    record([4, 0x04034b50], [2, version64], [2, flags], [2, 0], [2, 0], [2, firstOfJanuary1980]),
    record([4, 0], [4, none32], [4, none32], [2, name.length], [2, 20]),
    name,
    record([2, 1], [2, 16], [8, 0], [8, 0]),
  );
}

function directoryEntry({ name, crc, bytes, headerAt }: Written): Uint8Array {
  return joined(
    record([4, 0x02014b50], [2, version64], [2, version64], [2, flags], [2, 0], [2, 0], [2, firstOfJanuary1980]),
    record([4, crc], [4, none32], [4, none32], [2, name.length], [2, 28], [2, 0], [2, 0], [2, 0], [4, 0], [4, none32]),
    name,
    record([2, 1], [2, 24], [8, bytes], [8, bytes], [8, headerAt]),
  );
}

function endRecords(count: number, size: number, start: number): Uint8Array {
  return joined(
    record([4, 0x06064b50], [8, 44], [2, version64], [2, version64], [4, 0], [4, 0]),
    record([8, count], [8, count], [8, size], [8, start]),
    record([4, 0x07064b50], [4, 0], [8, start + size], [4, 1]),
    record([4, 0x06054b50], [2, 0], [2, 0], [2, 0xffff], [2, 0xffff], [4, none32], [4, none32], [2, 0]),
  );
}
