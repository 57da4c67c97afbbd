import type { RgbImage } from "./rgbImage";

/** A resampling filter: weights by the distance from the centre, in pixels of the coarser image, and how far they reach. */
interface Filter {
  readonly reach: number;
  weight(distance: number): number;
}

export const filters = {
  /** The average of the area under a pixel. */
  box: { reach: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  /** Keys' cubic convolution with a = -1/2 (Keys 1981, equation 4). */
  bicubic: { reach: 2, weight: (x) => cubic(Math.abs(x), -0.5) },
} satisfies Record<string, Filter>;

export type FilterName = keyof typeof filters;

function cubic(x: number, a: number): number {
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0;
}

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

/** The pixels that one new pixel is made of. */
interface Taps {
  readonly start: number;
  readonly weights: readonly number[];
}

function tapsOf(from: number, to: number, { reach, weight }: Filter): Taps[] {
  const ratio = from / to;
  const widening = Math.max(1, ratio);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * ratio;
    const start = Math.max(0, Math.floor(centre - reach * widening + 0.5));
    const end = Math.min(from, Math.floor(centre + reach * widening + 0.5));
    const raw = Array.from({ length: end - start }, (_, k) => weight((start + k - centre + 0.5) / widening));
    const total = raw.reduce((sum, w) => sum + w, 0);
    return { start, weights: raw.map((w) => roundAwayFromZero((w / total) * unit)) };
  });
}

function roundAwayFromZero(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
}
