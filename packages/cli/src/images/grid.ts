import { DitError, type HostTensor } from "@dit/core";
import type { PixelImage } from "./png";

export interface GridOptions {
  /** Images in a row. */
  readonly columns: number;
  /** Pixels between images and around them, after scaling. */
  readonly padding?: number;
  /** Each image pixel becomes a square of this many pixels. */
  readonly scale?: number;
  /** Grey level between the images, 0 to 255. */
  readonly background?: number;
}

/**
 * Lays `images` [N, C, H, W] in [-1, 1] out in rows, C being 1 or 3.
 * Pixels as in the official grid (torchvision's `save_image` with `normalize`): clamped, mapped to [0, 1], times 255 plus 0.5, floored, in float32.
 * A NaN, as a diverged model draws it, becomes 0.
 * @throws DitError when the shape is not that of images.
 */
export function imageGrid(images: HostTensor<"f32">, options: GridOptions): PixelImage {
  const [count, channels, height, width] = images.shape;
  if (images.shape.length !== 4 || !count || (channels !== 1 && channels !== 3) || !height || !width) {
    throw new DitError(`image grid needs [N, 1 or 3, H, W], got [${images.shape}]`);
  }
  const { padding = 2, scale = 1, background = 0 } = options;
  const columns = Math.min(options.columns, count);
  const rows = Math.ceil(count / columns);
  const gridWidth = columns * (width * scale + padding) + padding;
  const gridHeight = rows * (height * scale + padding) + padding;
  const data = new Uint8Array(gridWidth * gridHeight * channels).fill(background);
  for (let n = 0; n < count; n++) {
    const left = padding + (n % columns) * (width * scale + padding);
    const top = padding + Math.floor(n / columns) * (height * scale + padding);
    for (let y = 0; y < height * scale; y++) {
      for (let x = 0; x < width * scale; x++) {
        for (let c = 0; c < channels; c++) {
          const source = ((n * channels + c) * height + Math.floor(y / scale)) * width + Math.floor(x / scale);
          data[((top + y) * gridWidth + left + x) * channels + c] = toByte(images.data[source]!);
        }
      }
    }
  }
  return { width: gridWidth, height: gridHeight, channels, data };
}

function toByte(value: number): number {
  const unit = Math.fround(Math.min(1, Math.max(-1, value)) + 1) / 2;
  return Math.floor(Math.fround(Math.fround(unit * 255) + 0.5));
}
