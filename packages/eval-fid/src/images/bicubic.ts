import { filters, weightedTaps } from "@dit/core/internal";
import type { Image, Pixels } from "./image";

/**
 * Bicubic as PIL resizes an image of floats, on values 0..255 and cut to them: antialiased when an image shrinks, the
 * curve with a = -0.5, columns first, rounded to float32 between. What clean-fid does.
 */
export function pilBicubic({ width, height, data }: Image, size: number): Pixels {
  const narrow = new Float32Array(height * size * 3);
  for (const [x, { start, weights }] of weightedTaps(width, size, filters.bicubic).entries()) {
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
  for (const [y, { start, weights }] of weightedTaps(height, size, filters.bicubic).entries()) {
    for (let i = 0; i < rowLength; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += narrow[(start + k) * rowLength + i]! * weights[k]!;
      out[y * rowLength + i] = Math.min(255, Math.max(0, sum));
    }
  }
  return out;
}
