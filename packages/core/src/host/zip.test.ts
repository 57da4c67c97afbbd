import { expect, test } from "vitest";
import { writeZip } from "./zip";

const bytes = (text: string) => new TextEncoder().encode(text);
const hex = (data: Uint8Array) => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

test("exact bytes of an archive of one file", () => {
  const name = "61 2e 74"; // a.t
  const described = "14 00 00 08 00 00 00 00 21 00 26 39 f4 cb 09 00 00 00 09 00 00 00 03 00 00 00"; // CRC cbf43926
  const local = `50 4b 03 04 ${described} ${name} 31 32 33 34 35 36 37 38 39`;
  const central = `50 4b 01 02 14 00 ${described} 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ${name}`;
  const end = "50 4b 05 06 00 00 00 00 01 00 01 00 31 00 00 00 2a 00 00 00 00 00";
  expect(hex(writeZip([{ name: "a.t", bytes: bytes("123456789") }]))).toBe(`${local} ${central} ${end}`);
});

test("each file is found through the central directory", () => {
  const files = ["first", "", "third, longer"].map((text, i) => ({ name: `é${i}`, bytes: bytes(text) }));
  const archive = writeZip(files);
  const view = new DataView(archive.buffer);
  expect(view.getUint16(archive.length - 12, true)).toBe(3);
  let at = view.getUint32(archive.length - 6, true);
  for (const file of files) {
    const nameLength = view.getUint16(at + 28, true);
    const start = view.getUint32(at + 42, true) + 30 + nameLength;
    expect(new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameLength))).toBe(file.name);
    expect(archive.slice(start, start + view.getUint32(at + 24, true))).toEqual(file.bytes);
    at += 46 + nameLength;
  }
  expect(at).toBe(archive.length - 22);
});

test("refuses what needs zip64", () => {
  const huge = { length: 2 ** 32 - 100 } as Uint8Array; // only its length is looked at
  expect(() => writeZip([{ name: "a", bytes: huge }])).toThrow("the limit is 4294967295");
  const files = new Array(0xffff).fill({ name: "", bytes: new Uint8Array(0) });
  expect(() => writeZip(files)).toThrow("65535 files, the limit is 65534");
});
