import { describe, expect, it } from "vitest";
import { crc32, crc32c } from "./crc32";

const check = new TextEncoder().encode("123456789");

describe("checksums", () => {
  it("give the published check values", () => {
    expect(crc32(check)).toBe(0xcbf43926);
    expect(crc32c(check)).toBe(0xe3069283);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});
