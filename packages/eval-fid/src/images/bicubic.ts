import type { Image, Pixels } from "./image";

/**
 * Bicubic as PIL resizes an image of floats, on values 0..255 and cut to them: antialiased when an image shrinks, the
 * curve with a = -0.5, columns first, rounded to float32 between. What clean-fid does.
 */
export function pilBicubic({ width, height, data }: Image, size: number): Pixels {
  const narrow = new Float32Array(height * size * 3);
  for (const [x, { start, weights }] of windows(width, size).entries()) {
    for (let y = 0; y < height; y++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += data[(y * width + start + k) * 3 + c]! * weights[k]!;
        narrow[(y * size + x) * 3 + c] = sum;
      }
    }
  }
  const out = new Float32Array(size * size * 3);
  const rowLength = size * 3;
  for (const [y, { start, weights }] of windows(height, size).entries()) {
    for (let i = 0; i < rowLength; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += narrow[(start + k) * rowLength + i]! * weights[k]!;
      out[y * rowLength + i] = Math.min(255, Math.max(0, sum));
    }
  }
  return out;
}

/** The old pixels under a new one; their weights add up to 1. */
interface Window {
  readonly start: number;
  readonly weights: Float64Array;
}

function windows(from: number, to: number): Window[] {
  const scale = from / to;
  // When shrinking, the curve is stretched over all pixels that fall together.
  const stretch = Math.max(1, scale);
  const reach = 2 * stretch;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    const weights = Float64Array.from({ length: end - start }, (_, k) => cubic((start + k - centre + 0.5) / stretch));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { start, weights: weights.map((weight) => weight / total) };
  });
}

/** Source: R. Keys, Cubic convolution interpolation for digital image processing, 1981. */
function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}
