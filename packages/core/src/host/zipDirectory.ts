import { FormatError, UnsupportedError } from "../ir/errors";
import type { ByteSource } from "./byteSource";

/** A file in an archive, as the archive's directory describes it. */
export interface ZipEntry {
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly crc: number;
  /** Where its bytes, perhaps compressed, begin in the archive, and how many they are. */
  readonly offset: number;
  readonly packedBytes: number;
  /** Bytes of the file itself. */
  readonly bytes: number;
}

/**
 * A reading that does not say how bytes are fetched: it yields the range that it wants, and is given those bytes. So one
 * reader serves files that are read at once and those that are waited for.
 */
export type Reading<T> = Generator<ByteRange, T, Uint8Array>;

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

const endRecordBytes = 22;
const longestComment = 0xffff;
const zip64LocatorBytes = 20;
const centralHeaderBytes = 46;
const localHeaderBytes = 30;
const maxDirectoryBytes = 2 ** 26;
const overflow = 0xffffffff; // stands in a field whose value lies in its zip64 form

/** The directory of an archive that can be read at once. @throws as `zipDirectory` */
export function readZipDirectory(source: ByteSource): ReadonlyMap<string, ZipEntry> {
  const reading = zipDirectory(source.size);
  let step = reading.next();
  while (!step.done) step = reading.next(source.read(step.value.offset, step.value.length));
  return step.value;
}

/**
 * The files of an archive of `archiveBytes` by name, from its directory alone. An archive of 4 GB and more (zip64) too. Sizes
 * are the directory's: files that were written to a stream, and those of numpy.savez, do not have them in their own headers.
 * @throws FormatError when it is damaged, names a file twice, or its files overlap or lie outside of it
 * @throws UnsupportedError for an encrypted file
 * Source: PKWARE APPNOTE 6.3, sections 4.3.7 to 4.3.16 and 4.5.3.
 */
export function* zipDirectory(archiveBytes: number): Reading<ReadonlyMap<string, ZipEntry>> {
  const { count, size, offset } = yield* endRecord(archiveBytes);
  if (size > maxDirectoryBytes || offset + size > archiveBytes) {
    throw new FormatError(`zip: a directory of ${size} bytes at byte ${offset} of a file of ${archiveBytes} bytes`);
  }
  const directory = viewOf(yield { offset, length: size });
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const { entry, length } = yield* readEntry(directory, at);
    if (entries.has(entry.name)) throw new FormatError(`zip: the name ${JSON.stringify(entry.name)} stands twice`);
    entries.set(entry.name, entry);
    at += length;
  }
  requireApart([...entries.values()], offset);
  return entries;
}

/** How many files there are, and where their directory lies. */
function* endRecord(archiveBytes: number): Reading<{ count: number; size: number; offset: number }> {
  const length = Math.min(archiveBytes, endRecordBytes + longestComment + zip64LocatorBytes);
  const tail = viewOf(yield { offset: archiveBytes - length, length });
  let at = length - endRecordBytes;
  while (at >= 0 && tail.getUint32(at, true) !== 0x06054b50) at--;
  if (at < 0) throw new FormatError("not a zip archive, or cut off: it has no directory at its end");
  const record = { count: tail.getUint16(at + 10, true), size: tail.getUint32(at + 12, true) };
  const offset = tail.getUint32(at + 16, true);
  // The locator of a zip64 record lies right before the end record.
  const locator = at - zip64LocatorBytes;
  if (locator < 0 || tail.getUint32(locator, true) !== 0x07064b50) return { ...record, offset };
  const wide = viewOf(yield { offset: uint64(tail, locator + 8), length: 56 });
  if (wide.getUint32(0, true) !== 0x06064b50) throw new FormatError("zip: damaged: no zip64 record where it should be");
  return { count: uint64(wide, 32), size: uint64(wide, 40), offset: uint64(wide, 48) };
}

function* readEntry(directory: DataView, at: number): Reading<{ entry: ZipEntry; length: number }> {
  const left = directory.byteLength - at;
  if (left < centralHeaderBytes || directory.getUint32(at, true) !== 0x02014b50) {
    throw new FormatError("zip: damaged: the directory ends before its last file");
  }
  const [nameBytes, extraBytes] = [directory.getUint16(at + 28, true), directory.getUint16(at + 30, true)];
  const length = centralHeaderBytes + nameBytes + extraBytes + directory.getUint16(at + 32, true);
  if (length > left) throw new FormatError("zip: damaged: a file's entry goes beyond the directory");
  const name = new TextDecoder().decode(
    new Uint8Array(directory.buffer, directory.byteOffset + at + centralHeaderBytes, nameBytes),
  );
  if ((directory.getUint16(at + 8, true) & 1) === 1) {
    throw new UnsupportedError(`zip: ${JSON.stringify(name)} is encrypted`);
  }
  const [method, crc] = [directory.getUint16(at + 10, true), directory.getUint32(at + 16, true)];
  const [bytes, packedBytes, start] = zip64Values(directory, at, centralHeaderBytes + nameBytes, extraBytes);
  if (method === 0 && bytes !== packedBytes) throw new FormatError("zip: damaged: a stored file has two sizes");
  const header = viewOf(yield { offset: start!, length: localHeaderBytes });
  const offset = start! + dataOffset(header, name);
  return { entry: { name, method, crc, offset, packedBytes: packedBytes!, bytes: bytes! }, length };
}

/** Size, packed size and offset of an entry: those that do not fit in 32 bits lie in an extra field, in this order. */
function zip64Values(directory: DataView, at: number, extraAt: number, extraBytes: number): number[] {
  const narrow = [24, 20, 42].map((field) => directory.getUint32(at + field, true));
  let field = at + extraAt;
  const end = field + extraBytes;
  while (field + 4 <= end && directory.getUint16(field, true) !== 1) field += 4 + directory.getUint16(field + 2, true);
  field += 4;
  return narrow.map((value) => {
    if (value !== overflow) return value;
    if (field + 8 > end) throw new FormatError("zip: damaged: a zip64 size is missing");
    field += 8;
    return uint64(directory, field - 8);
  });
}

/** The name and extra field of the local header may be longer than the directory's: PyTorch aligns data with them. */
function dataOffset(header: DataView, name: string): number {
  if (header.getUint32(0, true) !== 0x04034b50) {
    throw new FormatError(`zip: damaged: ${JSON.stringify(name)} is not where the directory says`);
  }
  return localHeaderBytes + header.getUint16(26, true) + header.getUint16(28, true);
}

/** Overlapping files are how a small archive unpacks to a huge one. */
function requireApart(entries: readonly ZipEntry[], end: number): void {
  const sorted = entries.filter(({ packedBytes }) => packedBytes > 0).sort((a, b) => a.offset - b.offset);
  for (const [i, { name, offset, packedBytes }] of sorted.entries()) {
    const next = sorted[i + 1]?.offset ?? end;
    if (offset + packedBytes > next) {
      throw new FormatError(
        `zip: ${JSON.stringify(name)} overlaps what comes after it by ${offset + packedBytes - next} bytes`,
      );
    }
  }
}

function uint64(view: DataView, at: number): number {
  const value = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  if (!Number.isSafeInteger(value)) throw new FormatError("zip: damaged: a size of more than 53 bits");
  return value;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
