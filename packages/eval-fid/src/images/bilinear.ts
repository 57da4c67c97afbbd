import type { Image, Pixels } from "./image";

/** For each new row or column: the two old ones it lies between, and how far it is from the first. Float32 throughout. */
interface Place {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

/**
 * Bilinear as TensorFlow 1 has it, on values 0..255: new pixel i lies at i * old / new, nothing is averaged when an image
 * shrinks. Bit-equal to its ResizeBilinear with align_corners and half_pixel_centers off: every step is rounded to float32.
 */
export function tf1Bilinear(image: Image, size: number): Pixels {
  const place = (i: number, scale: number) => Math.fround(i * scale);
  return interpolate(image, size, place, (a, b, share) => Math.fround(a + Math.fround(Math.fround(b - a) * share)), 1);
}

/**
 * Bilinear with half-pixel centres on values 0..1, as PyTorch's `interpolate` without antialiasing: what pytorch-fid does.
 */
export function halfPixelBilinear(image: Image, size: number): Pixels {
  // Multiplied and subtracted with one rounding, as processors do that fuse the two.
  const place = (i: number, scale: number) => Math.max(0, Math.fround((i + 0.5) * scale - 0.5));
  const lerp = (a: number, b: number, share: number) => Math.fround((1 - share) * a + share * b);
  return interpolate(image, size, place, lerp, 255);
}

function interpolate(
  { width, height, data }: Image,
  size: number,
  place: (i: number, scale: number) => number,
  lerp: (a: number, b: number, share: number) => number,
  divisor: number,
): Pixels {
  const columns = places(width, size, place);
  const rows = places(height, size, place);
  const out = new Float32Array(size * size * 3);
  const at = (y: number, x: number, c: number) => Math.fround(data[(y * width + x) * 3 + c]! / divisor);
  let next = 0;
  for (const row of rows) {
    for (const column of columns) {
      for (let c = 0; c < 3; c++) {
        const top = lerp(at(row.low, column.low, c), at(row.low, column.high, c), column.share);
        const bottom = lerp(at(row.high, column.low, c), at(row.high, column.high, c), column.share);
        out[next++] = lerp(top, bottom, row.share);
      }
    }
  }
  return out;
}

function places(from: number, to: number, place: (i: number, scale: number) => number): Place[] {
  const scale = Math.fround(from / to);
  return Array.from({ length: to }, (_, i) => {
    const exact = place(i, scale);
    const low = Math.min(from - 1, Math.floor(exact));
    return { low, high: Math.min(from - 1, low + 1), share: Math.fround(exact - low) };
  });
}
