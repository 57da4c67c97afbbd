import { type Backend, ConfigError, hostZeros } from "@dit/core";
import { createEncoder, type Vae } from "@dit/vae";
import type { Dataset } from "../data/dataset";

export interface EncodeDatasetOptions {
  /** Images at a time; changes speed and memory. */
  readonly batch: number;
  readonly signal?: AbortSignal;
  readonly onImages?: (done: number, total: number) => void;
}

/**
 * What an autoencoder makes of each image: records [2, c, h, w] of mean and std, unscaled, in the order of the images; of a
 * dataset that may be mirrored two for each image, the second of its mirror image.
 * @throws ConfigError when the images are not of the autoencoder's channels
 */
export async function* encodeDataset(
  data: Dataset,
  vae: Vae,
  backend: Backend,
  { batch, signal, onImages }: EncodeDatasetOptions,
): AsyncGenerator<Float32Array, void> {
  const [channels, height, width] = data.imageShape;
  if (channels !== vae.config.inChannels) {
    throw new ConfigError(`the images have ${channels} channels, the autoencoder takes ${vae.config.inChannels}`);
  }
  const size = channels * height * width;
  const copies = data.flip ? 2 : 1;
  const encoder = await createEncoder(vae, backend, [height, width], batch * copies);
  try {
    for (let first = 0; first < data.size; first += batch) {
      const count = Math.min(batch, data.size - first);
      const images = hostZeros("f32", [count * copies, channels, height, width]);
      for (let i = 0; i < count; i++) {
        data.read(first + i, images.data, i * copies * size);
        if (data.flip) writeMirrored(images.data, i * copies * size, size, width);
      }
      const { mean, std } = await encoder.run(images, signal);
      const latent = mean.data.length / (count * copies);
      for (let i = 0; i < count * copies; i++) {
        const record = new Float32Array(2 * latent);
        record.set(mean.data.subarray(i * latent, (i + 1) * latent));
        record.set(std.data.subarray(i * latent, (i + 1) * latent), latent);
        yield record;
      }
      onImages?.(first + count, data.size);
    }
  } finally {
    await encoder.dispose();
  }
}

/** Behind the image at `offset` its mirror image, row by row. */
function writeMirrored(images: Float32Array, offset: number, size: number, width: number): void {
  images.copyWithin(offset + size, offset, offset + size);
  for (let row = offset + size; row < offset + 2 * size; row += width) images.subarray(row, row + width).reverse();
}
