import { concatBytes } from "./concatBytes";
import { crc32 } from "./crc32";

/**
 * An archive in the making. It knows nothing of files: every call gives the bytes that come next, in order, and pieces of
 * data are passed on by whoever writes.
 */
export interface ZipWriter {
  /** What stands before a file's data. */
  begin(name: string): Uint8Array;
  /** Counts a piece of the file's data, which is written as it is. */
  data(piece: Uint8Array): void;
  /** What stands behind a file's data. */
  end(): Uint8Array;
  /** The directory. Without it the archive cannot be opened. */
  finish(): Uint8Array;
}

interface Written {
  readonly name: Uint8Array;
  readonly headerAt: number;
  crc: number;
  bytes: number;
}

const version64 = 45;
/** Bit 3: sizes and checksum follow the data; bit 11: names are UTF-8. */
const flags = (1 << 3) | (1 << 11);
const firstOfJanuary1980 = 0x21; // the earliest date of the format: equal files give equal archives
const none32 = 0xffffffff; // the value is in the zip64 field

/**
 * An archive of stored files, of any size, that is written without ever going back: the sizes stand behind the data and in
 * the directory, in 64 bits. Equal files give equal bytes.
 * Source: PKWARE APPNOTE 6.3, sections 4.3.7 to 4.3.16 and 4.5.3.
 */
export function zipWriter(): ZipWriter {
  const files: Written[] = [];
  let at = 0;
  const counted = (bytes: Uint8Array) => {
    at += bytes.length;
    return bytes;
  };
  return {
    begin: (name) => {
      const file = { name: new TextEncoder().encode(name), headerAt: at, crc: 0, bytes: 0 };
      files.push(file);
      return counted(localHeader(file.name));
    },
    data: (piece) => {
      const file = files.at(-1)!;
      file.bytes += piece.length;
      file.crc = crc32(piece, file.crc);
      counted(piece);
    },
    end: () => {
      const { crc, bytes } = files.at(-1)!;
      return counted(record([4, 0x08074b50], [4, crc], [8, bytes], [8, bytes]));
    },
    finish: () => {
      const directory = concatBytes(files.map(directoryEntry));
      return concatBytes([directory, endRecords(files.length, directory.length, at)]);
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

/** The zip64 field announces that the sizes behind the data have 8 bytes. */
function localHeader(name: Uint8Array): Uint8Array {
  return concatBytes([
    record([4, 0x04034b50], [2, version64], [2, flags], [2, 0], [2, 0], [2, firstOfJanuary1980]),
    record([4, 0], [4, none32], [4, none32], [2, name.length], [2, 20]),
    name,
    record([2, 1], [2, 16], [8, 0], [8, 0]),
  ]);
}

function directoryEntry({ name, crc, bytes, headerAt }: Written): Uint8Array {
  return concatBytes([
    record([4, 0x02014b50], [2, version64], [2, version64], [2, flags], [2, 0], [2, 0], [2, firstOfJanuary1980]),
    record([4, crc], [4, none32], [4, none32], [2, name.length], [2, 28], [2, 0], [2, 0], [2, 0], [4, 0], [4, none32]),
    name,
    record([2, 1], [2, 24], [8, bytes], [8, bytes], [8, headerAt]),
  ]);
}

function endRecords(count: number, size: number, start: number): Uint8Array {
  return concatBytes([
    record([4, 0x06064b50], [8, 44], [2, version64], [2, version64], [4, 0], [4, 0]),
    record([8, count], [8, count], [8, size], [8, start]),
    record([4, 0x07064b50], [4, 0], [8, start + size], [4, 1]),
    record([4, 0x06054b50], [2, 0], [2, 0], [2, 0xffff], [2, 0xffff], [4, none32], [4, none32], [2, 0]),
  ]);
}
