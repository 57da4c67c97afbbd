import { expect, test } from "vitest";
import { bytesSource } from "./byteSource";
import { concatBytes } from "./concatBytes";
import { crc32 } from "./crc32";
import { zipBytes } from "./zipBytes";
import { readZipDirectory } from "./zipDirectory";
import { zipWriter } from "./zipWriter";

const files = [
  { name: "a", bytes: Uint8Array.of(1, 2, 3) },
  { name: "empty", bytes: new Uint8Array() },
  { name: "folder/ä", bytes: Uint8Array.of(4) },
];
const archive = zipBytes(files);
const read = (bytes: Uint8Array) => {
  const source = bytesSource(bytes);
  return [...readZipDirectory(source).values()].map(({ name, offset, bytes }) => ({
    name,
    bytes: source.read(offset, bytes),
  }));
};

test("every file of an archive is found, with a comment after it too", () => {
  expect(read(archive)).toEqual(files);
  const commented = concatBytes([archive, new TextEncoder().encode("a comment")]);
  commented[archive.length - 2] = 9;
  expect(read(commented)).toEqual(files);
});

test("an archive in the form for more than 4 GB is read alike", () => {
  expect(read(asZip64(zipBytes(files.slice(0, 1))))).toEqual(files.slice(0, 1));
});

test("a zip64 field that is not there is damage", () => {
  const bytes = zipBytes(files.slice(0, 1));
  new DataView(bytes.buffer).setUint32(bytes.length - 22 - 47 + 24, 0xffffffff, true);
  expect(() => read(bytes)).toThrow("a zip64 size is missing");
});

test("what is written to a stream, sizes behind the data, is found with its checksum", () => {
  const writer = zipWriter();
  const written = files.flatMap(({ name, bytes }) => {
    const begin = writer.begin(name);
    writer.data(bytes);
    return [begin, bytes, writer.end()];
  });
  const whole = concatBytes([...written, writer.finish()]);
  expect(read(whole)).toEqual(files);
  const crcs = [...readZipDirectory(bytesSource(whole)).values()].map(({ crc }) => crc);
  expect(crcs).toEqual(files.map(({ bytes }) => crc32(bytes)));
});

/** The archive of one file named by a letter, with sizes and offsets in their 64-bit places (APPNOTE 4.3.14, 4.3.15, 4.5.3). */
function asZip64(bytes: Uint8Array): Uint8Array {
  const directoryAt = bytes.length - 22 - 47;
  const entry = new Uint8Array(47 + 4 + 24);
  entry.set(bytes.subarray(directoryAt, directoryAt + 47));
  const view = new DataView(entry.buffer);
  const size = view.getUint32(24, true);
  view.setUint16(30, 28, true); // bytes of extra fields
  for (const field of [20, 24, 42]) view.setUint32(field, 0xffffffff, true);
  view.setUint16(47, 1, true); // the zip64 field
  view.setUint16(49, 24, true);
  view.setBigUint64(51, BigInt(size), true);
  view.setBigUint64(59, BigInt(size), true); // and the offset, 0

  const record = new DataView(new ArrayBuffer(56));
  record.setUint32(0, 0x06064b50, true);
  record.setBigUint64(32, 1n, true);
  record.setBigUint64(40, BigInt(entry.length), true);
  record.setBigUint64(48, BigInt(directoryAt), true);
  const locator = new DataView(new ArrayBuffer(20));
  locator.setUint32(0, 0x07064b50, true);
  locator.setBigUint64(8, BigInt(directoryAt + entry.length), true);
  const end = new Uint8Array(22).fill(0xff);
  end.set([0x50, 0x4b, 5, 6]);
  end.set([0, 0], 20);
  return concatBytes([
    bytes.subarray(0, directoryAt),
    entry,
    new Uint8Array(record.buffer),
    new Uint8Array(locator.buffer),
    end,
  ]);
}
