import { DitError, FormatError } from "@dit/core";
import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { encodePng, pngSize, readPng } from "./png";
import { readText } from "./pngText";

const grey = { width: 3, height: 2, channels: 1, data: Uint8Array.of(0, 50, 100, 150, 200, 255) } as const;
const rgb = { width: 1, height: 2, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) } as const;

describe("encodePng", () => {
  it("writes pixels that come back", () => {
    expect(Array.from(readPng(encodePng(rgb), "x").data)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(decode(encodePng(grey), { checkCrc: true })).toMatchObject({ width: 3, height: 2, channels: 1, depth: 8 });
    expect(Array.from(decode(encodePng(grey)).data)).toEqual(Array.from(grey.data));
    expect(pngSize(encodePng(grey))).toEqual({ width: 3, height: 2 });
  });

  it("carries text, readable by others too", () => {
    const text = { "dit:seed": "1", "dit:sampler": "ddim, 50 steps", "dit:class": "café" };
    const png = encodePng(grey, text);
    expect(readPng(png, "x").text).toEqual(text);
    // fast-png reads the same chunks with its own code and checks their checksums.
    expect(decode(png, { checkCrc: true }).text).toEqual(text);
  });

  it("carries text beyond Latin-1", () => {
    const text = { "dit:class": "猫 🐈", "dit:empty": "", "dit:note": "tab\there" };
    const png = encodePng(rgb, text);
    expect(readText(png, "x")).toEqual(text);
    expect(decode(png, { checkCrc: true }).width).toBe(1);
  });

  it("puts text before the pixels", () => {
    const bytes = Buffer.from(encodePng(grey, { "dit:seed": "1" })).toString("latin1");
    expect(bytes.indexOf("tEXt")).toBeLessThan(bytes.indexOf("IDAT"));
  });

  it.each(["", " lead", "a  b", "ключ", "x".repeat(80), "a\0b"])("refuses the keyword %j", (keyword) => {
    expect(() => encodePng(grey, { [keyword]: "1" })).toThrow(DitError);
  });

  it("refuses pixels that do not fit", () => {
    expect(() => encodePng({ ...grey, width: 4 })).toThrow("needs 8 bytes, got 6");
  });
});

describe("readText", () => {
  it("reports files that are no PNG, or cut off", () => {
    expect(() => readText(Uint8Array.of(1, 2, 3), "a.png")).toThrow(FormatError);
    expect(() => readText(encodePng(grey).subarray(0, 50), "a.png")).toThrow("broken PNG: a.png (it is cut off)");
  });
});
