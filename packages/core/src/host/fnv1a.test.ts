import { expect, test } from "vitest";
import { fnv1a } from "./fnv1a";

test("the published vectors", () => {
  expect(fnv1a("")).toBe(0x811c9dc5);
  expect(fnv1a("a")).toBe(0xe40c292c);
  expect(fnv1a("foobar")).toBe(0xbf9cf968);
});

test("hashes UTF-8 bytes, not UTF-16 units", () => {
  // FNV-1a of the bytes C3 A9.
  const twoBytes = [0xc3, 0xa9].reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5) >>> 0;
  expect(fnv1a("é")).toBe(twoBytes);
});
