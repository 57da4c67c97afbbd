import { resize } from "./resize";
import type { RgbImage } from "./rgbImage";

/**
 * The training crop of the official code: halves the image with a box filter while its
 * short side is at least twice `size`, brings the short side to `size` with a bicubic one, and cuts out the centre.
 * -> `size` x `size`; an image whose short side already is `size` is only cropped, without touching a pixel
 */
export function fitSquare(image: RgbImage, size: number): RgbImage {
  let scaled = image;
  while (Math.min(scaled.width, scaled.height) >= 2 * size) {
    scaled = resize(scaled, scaled.width >> 1, scaled.height >> 1, "box");
  }
  const scale = size / Math.min(scaled.width, scaled.height);
  const [width, height] = [roundHalfEven(scaled.width * scale), roundHalfEven(scaled.height * scale)];
  return centreCrop(resize(scaled, width, height, "bicubic"), size);
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

/** Python's `round`: ties go to the even neighbour. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
