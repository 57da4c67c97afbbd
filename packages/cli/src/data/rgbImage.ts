/** A decoded picture: 8 bits a channel, rows of red, green, blue. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Colour to grey by the weights of ITU-R 601, in the integer arithmetic of PIL's `convert("L")`, so that Python tools see the same bytes. */
export function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/**
 * Scales `image` down so that its short side is `size`, then cuts out the centre: [size, size].
 * An image whose short side already is `size` is only cropped, without touching a pixel.
 *
 * Differs: the official code halves with a box filter and finishes with PIL's bicubic; this averages the exact area under each new pixel in one go,
 * which is a little softer. Crop and rounding of the long side are the official ones. Prepare images at the final size for exact parity.
 */
export function fitSquare(image: RgbImage, size: number): RgbImage {
  const shortSide = Math.min(image.width, image.height);
  if (shortSide < size) throw new RangeError(`image of ${image.width} x ${image.height} is smaller than ${size}`);
  const scaled =
    shortSide === size
      ? image
      : areaResize(
          image,
          roundHalfEven((image.width * size) / shortSide),
          roundHalfEven((image.height * size) / shortSide),
        );
  return centreCrop(scaled, size);
}

function centreCrop(image: RgbImage, size: number): RgbImage {
  if (image.width === size && image.height === size) return image;
  const left = (image.width - size) >> 1;
  const top = (image.height - size) >> 1;
  const data = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    const start = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(start, start + size * 3), y * size * 3);
  }
  return { width: size, height: size, data };
}

/** Averages the source area under each target pixel; rows and columns are independent, so first one, then the other. */
function areaResize(image: RgbImage, width: number, height: number): RgbImage {
  const columns = spans(image.width, width);
  const rows = spans(image.height, height);
  const narrow = new Float64Array(width * image.height * 3);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < width; x++) {
      const { start, weights } = columns[x]!;
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++)
          sum += weights[k]! * image.data[(y * image.width + start + k) * 3 + c]!;
        narrow[(y * width + x) * 3 + c] = sum;
      }
    }
  }
  const data = new Uint8Array(width * height * 3);
  const rowLength = width * 3;
  for (let y = 0; y < height; y++) {
    const { start, weights } = rows[y]!;
    for (let i = 0; i < rowLength; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * narrow[(start + k) * rowLength + i]!;
      data[y * rowLength + i] = Math.floor(sum + 0.5);
    }
  }
  return { width, height, data };
}

interface Span {
  readonly start: number;
  /** Share of each source pixel from `start` on; they add up to 1. */
  readonly weights: readonly number[];
}

function spans(from: number, to: number): Span[] {
  const ratio = from / to;
  return Array.from({ length: to }, (_, i) => {
    const begin = i * ratio;
    const end = Math.min(from, (i + 1) * ratio);
    const start = Math.floor(begin);
    // The small allowance keeps 2.0000000001 from touching a third pixel.
    const stop = Math.max(start + 1, Math.ceil(end - 1e-9));
    const covered = Array.from({ length: stop - start }, (_, k) => {
      return Math.min(end, start + k + 1) - Math.max(begin, start + k);
    });
    const total = covered.reduce((sum, share) => sum + share, 0);
    return { start, weights: covered.map((share) => share / total) };
  });
}

/** Python's `round`: ties go to the even neighbour. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
