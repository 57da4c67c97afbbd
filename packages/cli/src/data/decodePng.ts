import { FormatError } from "@dit/core";
import type { RgbImage } from "@dit/core/internal";
import { type DecodedPng, decode } from "fast-png";

/** Above this a picture is more likely an attack or an accident than training data; PIL warns from 89 million pixels on. */
const maxPixels = 178_956_970;
const maxSample = { 1: 1, 2: 3, 4: 15, 8: 255, 16: 65535 } as const;

/**
 * Decodes a PNG of any colour type and depth to 8-bit RGB. Transparency is composited on white; 16 bits are rounded to 8.
 * `file` is named in errors.
 * @throws FormatError in one line when the file is damaged, is not a PNG, or is too large to be meant.
 */
export function decodePng(bytes: Uint8Array, file: string): RgbImage {
  checkHeader(bytes, file);
  try {
    return toRgb(decode(bytes, { checkCrc: true }));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/[\s:]+$/, "") : String(cause);
    throw new FormatError(`broken PNG: ${file} (${why})`, { cause });
  }
}

function checkHeader(bytes: Uint8Array, file: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) {
    throw new FormatError(`broken PNG: ${file} (it does not begin like a PNG file)`);
  }
  const pixels = view.getUint32(16) * view.getUint32(20);
  if (pixels === 0 || pixels > maxPixels) {
    throw new FormatError(
      `broken PNG: ${file} (${view.getUint32(16)} x ${view.getUint32(20)} pixels; the limit is ${maxPixels} in all)`,
    );
  }
  const depth = view.getUint8(24);
  const interlaced = view.getUint8(28) !== 0;
  // fast-png 8.0 reads these as if each pixel filled a byte.
  if (interlaced && depth < 8) {
    throw new FormatError(
      `${file}: interlaced PNG with ${depth}-bit pixels is not supported; save it without interlacing`,
    );
  }
}

function toRgb(png: DecodedPng): RgbImage {
  const { width, height, channels } = png;
  if (channels === 3 && png.depth === 8 && !png.transparency) return { width, height, data: Uint8Array.from(png.data) };
  const data = new Uint8Array(width * height * 3);
  const sample = sampleReader(png);
  const scale = 255 / maxSample[png.depth];
  const transparent = png.transparency;
  const pixel = [0, 0, 0, 255];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (png.palette) {
        const entry = png.palette[sample(x, y, 0)];
        if (!entry) throw new Error("a pixel points outside the palette");
        for (let c = 0; c < 4; c++) pixel[c] = entry[c] ?? 255;
      } else {
        const colours = channels < 3 ? 1 : 3;
        let keyed = transparent !== undefined;
        for (let c = 0; c < 3; c++) {
          const value = sample(x, y, colours === 1 ? 0 : c);
          pixel[c] = value * scale;
          // tRNS on grey and RGB images names the one colour that is see-through.
          if (keyed && transparent![colours === 1 ? 0 : c] !== value) keyed = false;
        }
        pixel[3] = channels === colours ? (keyed ? 0 : 255) : sample(x, y, colours) * scale;
      }
      const alpha = pixel[3]! / 255;
      const at = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) data[at + c] = Math.floor(pixel[c]! * alpha + 255 * (1 - alpha) + 0.5);
    }
  }
  return { width, height, data };
}

/** Reads one sample; below 8 bits several pixels share a byte and each row begins with a new one. */
function sampleReader(png: DecodedPng): (x: number, y: number, channel: number) => number {
  const { data, depth, width, channels } = png;
  if (depth >= 8) return (x, y, channel) => data[(y * width + x) * channels + channel]!;
  const rowBytes = Math.ceil((width * depth) / 8);
  const mask = (1 << depth) - 1;
  return (x, y) => {
    const bit = x * depth;
    return (data[y * rowBytes + (bit >> 3)]! >> (8 - depth - (bit & 7))) & mask;
  };
}
