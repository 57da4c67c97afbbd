import { DitError, type HostTensor } from "@dit/core";

/** Pictures as bytes, as evaluation suites read them from `arr_0` of an npz file: [N, H, W, C]. */
export interface ByteImages {
  readonly shape: readonly [count: number, height: number, width: number, channels: number];
  readonly data: Uint8Array;
}

/**
 * Images [N, C, H, W] in [-1, 1] -> bytes [N, H, W, C] as in the official bulk sampling script: floor(clamp(127.5 x + 128, 0, 255)) in float32.
 * This is not the mapping of `imageGrid`: the two official scripts differ. A NaN becomes 0.
 * @throws DitError when the shape is not that of images.
 */
export function toBytes(images: HostTensor<"f32">): ByteImages {
  if (images.shape.length !== 4) throw new DitError(`toBytes needs images [N, C, H, W], got [${images.shape}]`);
  const [count, channels, height, width] = images.shape as [number, number, number, number];
  const area = height * width;
  const data = new Uint8Array(images.data.length);
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < channels; c++) {
      const source = (n * channels + c) * area;
      for (let i = 0; i < area; i++) {
        const value = Math.fround(Math.fround(127.5 * images.data[source + i]!) + 128);
        data[(n * area + i) * channels + c] = Math.floor(Math.min(255, Math.max(0, value)));
      }
    }
  }
  return { shape: [count, height, width, channels], data };
}
