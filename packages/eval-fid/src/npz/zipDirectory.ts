import { FormatError } from "@dit/core";
import { type ByteSource, readBytes } from "./byteSource";

/** A file in an archive, as the archive's directory describes it. */
export interface ZipEntry {
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly crc: number;
  /** In the archive. */
  readonly packedBytes: number;
  readonly bytes: number;
  /** Where its local header begins. */
  readonly headerAt: number;
}

const endRecordBytes = 22;
const longestComment = 0xffff;
const zip64LocatorBytes = 20;
const none32 = 0xffffffff; // the value is in the zip64 field
const signatures = { end: 0x06054b50, zip64Locator: 0x07064b50, zip64End: 0x06064b50, entry: 0x02014b50 };

/**
 * The directory at the end of an archive, with the 64-bit fields of those over 4 GB. Local headers are not asked: files
 * that were written to a stream, and those of numpy.savez, do not have their sizes there.
 * Source: PKWARE APPNOTE 6.3, sections 4.3.12 to 4.3.16 and 4.5.3.
 * @throws FormatError when the file is no archive, or its directory is damaged
 */
export async function readZipDirectory(source: ByteSource): Promise<ZipEntry[]> {
  const tailBytes = Math.min(source.size, endRecordBytes + longestComment + zip64LocatorBytes);
  const tail = viewOf(await readBytes(source, source.size - tailBytes, tailBytes));
  let end = tail.byteLength - endRecordBytes;
  while (end >= 0 && tail.getUint32(end, true) !== signatures.end) end--;
  if (end < 0) throw new FormatError(`${source.name}: not a zip archive, or cut off: it has no directory at its end`);
  let count = tail.getUint16(end + 10, true);
  let size = tail.getUint32(end + 12, true);
  let start = tail.getUint32(end + 16, true);
  const locator = end - zip64LocatorBytes;
  if (locator >= 0 && tail.getUint32(locator, true) === signatures.zip64Locator) {
    const record = viewOf(await readBytes(source, uint64(tail, locator + 8), 56));
    if (record.getUint32(0, true) !== signatures.zip64End) throw damaged(source);
    count = uint64(record, 32);
    size = uint64(record, 40);
    start = uint64(record, 48);
  }
  return entriesOf(viewOf(await readBytes(source, start, size)), count, source);
}

function entriesOf(view: DataView, count: number, source: ByteSource): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== signatures.entry) throw damaged(source);
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const next = at + 46 + nameBytes + extraBytes + view.getUint16(at + 32, true);
    if (next > view.byteLength) throw damaged(source);
    const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameBytes));
    if ((view.getUint16(at + 8, true) & 1) !== 0) throw new FormatError(`${source.name}: ${name} is encrypted`);
    // The zip64 field holds, in this order, those of the three that have no room in theirs.
    const [bytes, packedBytes, headerAt] = wide(
      view,
      at + 46 + nameBytes,
      extraBytes,
      [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)],
      () => damaged(source),
    );
    const [method, crc] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
    entries.push({ name, method, crc, packedBytes: packedBytes!, bytes: bytes!, headerAt: headerAt! });
    at = next;
  }
  return entries;
}

/** Replaces what stands for "look in the zip64 field" by what is there. */
function wide(view: DataView, at: number, length: number, values: readonly number[], error: () => Error): number[] {
  if (!values.includes(none32)) return [...values];
  for (let field = at; field + 4 <= at + length; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue;
    let next = field + 4;
    return values.map((value) => {
      if (value !== none32) return value;
      next += 8;
      if (next > at + length) throw error();
      return uint64(view, next - 8);
    });
  }
  throw error();
}

function damaged(source: ByteSource): FormatError {
  return new FormatError(`${source.name}: the directory of the archive is damaged`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Sizes of files are far below 2^53. */
function uint64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}
