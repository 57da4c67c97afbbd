import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32, crc32c } from "./crc32";

const check = new TextEncoder().encode("123456789");

test("the published check values", () => {
  expect(crc32(check)).toBe(0xcbf43926);
  expect(crc32c(check)).toBe(0xe3069283);
  expect(crc32(new Uint8Array(0))).toBe(0);
});

test("pieces give the same as the whole", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      expect(crc32(b, crc32(a))).toBe(crc32(Uint8Array.of(...a, ...b)));
    }),
  );
});
