import { FormatError } from "@dit/core";
import { describe, expect, it } from "vitest";
import { parseIdx } from "./idx";

const valid = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);

describe("parseIdx", () => {
  it("reads shape and elements", () => {
    const { shape, data } = parseIdx(valid, 2, "x");
    expect(shape).toEqual([2, 3]);
    expect(Array.from(data)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("reads a view that does not begin its buffer", () => {
    const padded = new Uint8Array(valid.length + 5);
    padded.set(valid, 5);
    expect(parseIdx(padded.subarray(5), 2, "x").shape).toEqual([2, 3]);
  });

  it.each([
    ["not an IDX file", Uint8Array.of(1, 2, 3, 4)],
    ["not an IDX file", Uint8Array.of(0, 0)],
    ["element type is 0x0d", Uint8Array.of(0, 0, 13, 2)],
    ["has 1 axes, expected 2", Uint8Array.of(0, 0, 8, 1)],
    ["header is cut off", valid.subarray(0, 10)],
    ["needs 18 bytes, the file has 17", valid.subarray(0, 17)],
  ])("says what is wrong: %s", (message, bytes) => {
    expect(() => parseIdx(bytes, 2, "digits.idx")).toThrow(FormatError);
    expect(() => parseIdx(bytes, 2, "digits.idx")).toThrow(message);
    expect(() => parseIdx(bytes, 2, "digits.idx")).toThrow(/^digits\.idx: /);
  });
});
