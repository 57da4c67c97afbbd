import { type Backend, type Dataset, hostZeros } from "@dit/core";
import { decode, encode, scaling, type Vae } from "@dit/vae";
import { imageGrid } from "./images/grid";
import type { PixelImage } from "./images/png";

/** Images in a picture of reconstructions. */
const shown = 10;

/** The first images of a dataset above what an autoencoder makes of them. */
export async function reconstructions(vae: Vae, data: Dataset, backend: Backend): Promise<PixelImage> {
  const count = Math.min(shown, data.size);
  const images = hostZeros("f32", [count, ...data.imageShape]);
  const size = images.data.length / count;
  for (let i = 0; i < count; i++) data.read(i, images.data, i * size);
  const { mean } = await encode(vae, images, { backend });
  const [, , height = 0, width = 0] = mean.shape;
  const latents = mean.data.map(scaling(vae.config, height * width));
  const decoded = await decode(vae, { ...mean, data: latents }, { backend });
  const both = hostZeros("f32", [2 * count, ...data.imageShape]);
  both.data.set(images.data);
  both.data.set(decoded.data, images.data.length);
  return imageGrid(both, { columns: count, scale: Math.max(1, Math.floor(72 / data.imageShape[1])), padding: 4 });
}
