import { DitError } from "../ir/errors";
import { crc32 } from "./crc32";

/** A file to put into an archive. */
export interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const localHeaderBytes = 30;
const centralHeaderBytes = 46;
const endRecordBytes = 22;
const limit = 0xffffffff; // sizes and offsets are 32-bit; the largest value announces zip64
const utf8Names = 1 << 11;
const firstOfJanuary1980 = 0x21; // the earliest date of the format: equal files give equal archives

/**
 * An archive of `files`, stored without compression, in the order given. Equal files give equal bytes.
 * @throws DitError when the archive would need zip64: 4 GB or more, or over 65534 files.
 * Source: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16.
 */
export function writeZip(files: readonly ZipFile[]): Uint8Array {
  const entries = files.map(({ name, bytes }) => ({ name: new TextEncoder().encode(name), bytes }));
  const dataSize = entries.reduce((sum, { name, bytes }) => sum + localHeaderBytes + name.length + bytes.length, 0);
  const directorySize = entries.reduce((sum, { name }) => sum + centralHeaderBytes + name.length, 0);
  const total = dataSize + directorySize + endRecordBytes;
  if (total >= limit) {
    throw new DitError(
      `zip: the archive would take ${total} bytes, the limit is ${limit}; write fewer arrays per file`,
    );
  }
  if (files.length >= 0xffff) throw new DitError(`zip: ${files.length} files, the limit is 65534`);

  const archive = new Uint8Array(total);
  const view = new DataView(archive.buffer);
  let at = 0;
  let directoryAt = dataSize;
  for (const { name, bytes } of entries) {
    const offset = at;
    const crc = crc32(bytes);
    view.setUint32(at, 0x04034b50, true);
    writeDescription(view, at + 4, name.length, bytes.length, crc);
    archive.set(name, at + localHeaderBytes);
    archive.set(bytes, at + localHeaderBytes + name.length);
    at += localHeaderBytes + name.length + bytes.length;

    view.setUint32(directoryAt, 0x02014b50, true);
    view.setUint16(directoryAt + 4, 20, true); // made by version 2.0
    writeDescription(view, directoryAt + 6, name.length, bytes.length, crc);
    view.setUint32(directoryAt + 42, offset, true);
    archive.set(name, directoryAt + centralHeaderBytes);
    directoryAt += centralHeaderBytes + name.length;
  }
  view.setUint32(directoryAt, 0x06054b50, true);
  view.setUint16(directoryAt + 8, files.length, true);
  view.setUint16(directoryAt + 10, files.length, true);
  view.setUint32(directoryAt + 12, directorySize, true);
  view.setUint32(directoryAt + 16, dataSize, true);
  return archive;
}

/** The 26 bytes that a local header and an entry of the central directory share, from "version needed" on. */
function writeDescription(view: DataView, at: number, nameLength: number, size: number, crc: number): void {
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, utf8Names, true);
  view.setUint16(at + 4, 0, true); // stored
  view.setUint16(at + 6, 0, true);
  view.setUint16(at + 8, firstOfJanuary1980, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, nameLength, true);
}
