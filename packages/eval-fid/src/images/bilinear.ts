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
  const values = Float32Array.from({ length: 256 }, (_, byte) => byte / divisor);
  const rowLength = size * 3;
  // Neighbouring new rows lie between the same two old ones, which are widened once.
  const widened = [new Float32Array(rowLength), new Float32Array(rowLength)] as const;
  const inside = [-1, -1];
  const row = (y: number, other: number) => {
    const found = inside.indexOf(y);
    if (found !== -1) return found;
    const slot = inside[0] === other ? 1 : 0;
    const [out, start] = [widened[slot]!, y * width * 3];
    for (let x = 0; x < size; x++) {
      const { low, high, share } = columns[x]!;
      for (let c = 0; c < 3; c++) {
        out[x * 3 + c] = lerp(values[data[start + low * 3 + c]!]!, values[data[start + high * 3 + c]!]!, share);
      }
    }
    inside[slot] = y;
    return slot;
  };
  const out = new Float32Array(size * rowLength);
  for (const [y, { low, high, share }] of places(height, size, place).entries()) {
    const [top, bottom] = [widened[row(low, high)]!, widened[row(high, low)]!];
    for (let i = 0; i < rowLength; i++) out[y * rowLength + i] = lerp(top[i]!, bottom[i]!, share);
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
