import { DitError } from "@dit/core";
import { encode } from "fast-png";
import { decodePng } from "../data/decodePng";
import { type PngText, readText, textChunks } from "./pngText";

/** Pixels of a picture, 8 bits a channel: rows of grey (1 channel) or of red, green, blue (3). */
export interface PixelImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Bytes of the signature and of the header chunk IHDR. */
const headerEnd = 33;

/**
 * Encodes `image` as a PNG that carries `text`, such as `{"dit:seed": "1"}`: which settings remake the picture.
 * The text comes before the pixels, where tools look for it; fast-png's own `text` option puts it behind and knows Latin-1 only.
 * @throws DitError when a keyword is not a valid PNG keyword, or the pixels do not fit the size.
 */
export function encodePng(image: PixelImage, text: PngText = {}): Uint8Array {
  const { width, height, channels, data } = image;
  if (data.length !== width * height * channels) {
    throw new DitError(
      `image of ${width} x ${height} x ${channels} needs ${width * height * channels} bytes, got ${data.length}`,
    );
  }
  const png = encode({ width, height, channels, data, depth: 8 }, { zlib: { level: 9 } });
  const chunks = textChunks(text);
  const out = new Uint8Array(png.length + chunks.length);
  out.set(png.subarray(0, headerEnd));
  out.set(chunks, headerEnd);
  out.set(png.subarray(headerEnd), headerEnd + chunks.length);
  return out;
}

/** A PNG's pixels as RGB and its text. @throws FormatError when it is damaged; `file` is named. */
export function readPng(bytes: Uint8Array, file: string): PixelImage & { readonly text: PngText } {
  return { ...decodePng(bytes, file), channels: 3, text: readText(bytes, file) };
}

/** Width and height of a PNG, from its header alone. */
export function pngSize(bytes: Uint8Array): { width: number; height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}
