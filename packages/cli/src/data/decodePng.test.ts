import { FormatError } from "@dit/core";
import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { decodePng } from "./decodePng";

const rgb = (bytes: Uint8Array) => Array.from(decodePng(bytes, "x.png").data);

describe("decodePng", () => {
  it("reads grey, RGB and their 16-bit kinds", () => {
    expect(rgb(encode({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 200) }))).toEqual([
      0, 0, 0, 200, 200, 200,
    ]);
    expect(rgb(encode({ width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) }))).toEqual([1, 2, 3]);
    const deep = Uint16Array.of(0, 65535, 257 * 99 + 100);
    expect(rgb(encode({ width: 1, height: 1, channels: 3, depth: 16, data: deep }))).toEqual([0, 255, 99]);
  });

  it("composites transparency on white", () => {
    const data = Uint8Array.of(100, 0, 0, 255, 100, 0, 0, 0, 0, 0, 0, 128);
    expect(rgb(encode({ width: 3, height: 1, channels: 4, data }))).toEqual([100, 0, 0, 255, 255, 255, 127, 127, 127]);
    expect(rgb(encode({ width: 2, height: 1, channels: 2, data: Uint8Array.of(9, 255, 9, 0) }))).toEqual([
      9, 9, 9, 255, 255, 255,
    ]);
    const deep = Uint16Array.of(0, 0, 0, 32768);
    expect(rgb(encode({ width: 1, height: 1, channels: 4, depth: 16, data: deep }))).toEqual([127, 127, 127]);
  });

  it.each([1, 2, 4] as const)("unpacks %i-bit grey, rows padded to bytes", (depth) => {
    const top = 2 ** depth - 1;
    const perByte = 8 / depth;
    // Three pixels a row: 0, top, 0.
    const row = new Uint8Array(Math.ceil(3 / perByte));
    row[Math.floor(1 / perByte)]! |= top << (8 - depth * ((1 % perByte) + 1));
    const data = Uint8Array.of(...row, ...row);
    const image = encode({ width: 3, height: 2, channels: 1, depth, data });
    expect(rgb(image)).toEqual([0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0]);
  });

  it("looks palettes up, with transparency", () => {
    const palette = [
      [10, 20, 30, 0],
      [40, 50, 60, 255],
    ];
    expect(rgb(encode({ width: 2, height: 1, channels: 1, data: Uint8Array.of(1, 0), palette }))).toEqual([
      40, 50, 60, 255, 255, 255,
    ]);
    const bits = encode({
      width: 3,
      height: 1,
      channels: 1,
      depth: 1,
      data: Uint8Array.of(0b01000000),
      palette: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    });
    expect(rgb(bits)).toEqual([1, 2, 3, 4, 5, 6, 1, 2, 3]);
    const outside = encode({ width: 1, height: 1, channels: 1, data: Uint8Array.of(7), palette });
    expect(() => rgb(outside)).toThrow("broken PNG: x.png (a pixel points outside the palette)");
  });

  it("takes the one transparent colour of tRNS", () => {
    const png = encode({ width: 3, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 1, 2, 4, 9, 9, 9) });
    // fast-png writes no tRNS for RGB: put one in front of the pixels (without a checksum it would be refused).
    const trns = Uint8Array.of(0, 0, 0, 6, 116, 82, 78, 83, 0, 1, 0, 2, 0, 3, 0, 0, 0, 0);
    new DataView(trns.buffer).setUint32(14, crc(trns.subarray(4, 14)));
    const patched = Uint8Array.of(...png.subarray(0, 33), ...trns, ...png.subarray(33));
    expect(rgb(patched)).toEqual([255, 255, 255, 1, 2, 4, 9, 9, 9]);
  });

  it("reads interlaced images, except those that fast-png gets wrong", () => {
    const data = Uint8Array.from({ length: 25 * 3 }, (_, i) => i * 3);
    const png = encode({ width: 5, height: 5, channels: 3, data }, { interlace: "Adam7" });
    expect(rgb(png)).toEqual(Array.from(data));
    const oneBit = encode({ width: 8, height: 1, channels: 1, depth: 1, data: Uint8Array.of(170) });
    oneBit[28] = 1;
    expect(() => rgb(oneBit)).toThrow("save it without interlacing");
  });

  it("reports damage in one line that names the file", () => {
    const png = encode({
      width: 20,
      height: 20,
      channels: 3,
      data: new Uint8Array(1200).map((_, i) => (i * 7919) % 251),
    });
    const flipped = png.slice();
    flipped[60]! ^= 255;
    const huge = png.slice();
    new DataView(huge.buffer).setUint32(16, 0x7fffffff);
    for (const broken of [
      new Uint8Array(0),
      png.subarray(0, 20),
      png.subarray(0, 100),
      png.subarray(0, -8),
      flipped,
      huge,
    ]) {
      expect(() => decodePng(broken, "cats/a.png")).toThrow(FormatError);
      expect(() => decodePng(broken, "cats/a.png")).toThrow(/^broken PNG: cats[\\/]a\.png \([^\n]+\)$/);
    }
  });
});

function crc(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return ~c >>> 0;
}
