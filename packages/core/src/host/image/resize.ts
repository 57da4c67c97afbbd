import type { RgbImage } from "./rgbImage";
import { type Filter, filters, type Taps, weightedTaps } from "./taps";

export type FilterName = keyof typeof filters;

/** Weights are whole numbers in units of 2^-22, as in Pillow: so that pictures prepared in Python have the same bytes. */
const unit = 2 ** 22;

/**
 * Resizes as Pillow's `Image.resize` does: columns first, then rows, with 8 bits in between; where it shrinks, the filter is
 * widened to cover all that falls under a pixel.
 */
export function resize(image: RgbImage, width: number, height: number, filter: FilterName): RgbImage {
  return resizeRows(resizeColumns(image, width, filters[filter]), height, filters[filter]);
}

function resizeColumns(image: RgbImage, width: number, filter: Filter): RgbImage {
  if (width === image.width) return image;
  const { height, data: from } = image;
  const taps = tapsOf(image.width, width, filter);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { start, weights } = taps[x]!;
      for (let c = 0; c < 3; c++) {
        let sum = unit / 2;
        let at = (y * image.width + start) * 3 + c;
        for (let k = 0; k < weights.length; k++, at += 3) sum += weights[k]! * from[at]!;
        data[(y * width + x) * 3 + c] = toByte(sum);
      }
    }
  }
  return { width, height, data };
}

function resizeRows(image: RgbImage, height: number, filter: Filter): RgbImage {
  if (height === image.height) return image;
  const { width, data: from } = image;
  const taps = tapsOf(image.height, height, filter);
  const row = width * 3;
  const data = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) {
    const { start, weights } = taps[y]!;
    for (let i = 0; i < row; i++) {
      let sum = unit / 2;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * from[(start + k) * row + i]!;
      data[y * row + i] = toByte(sum);
    }
  }
  return { width, height, data };
}

function toByte(sum: number): number {
  return Math.min(255, Math.max(0, Math.floor(sum / unit)));
}

/** The taps in whole units. */
function tapsOf(from: number, to: number, filter: Filter): Taps[] {
  return weightedTaps(from, to, filter).map(({ start, weights }) => ({
    start,
    weights: weights.map((w) => roundAwayFromZero(w * unit)),
  }));
}

function roundAwayFromZero(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
}
