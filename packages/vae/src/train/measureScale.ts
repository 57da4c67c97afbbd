import { type Backend, type Dataset, hostZeros } from "@dit/core";
import { encode } from "../run/encoder";
import type { Vae } from "../vae";

/**
 * The scaling factor that gives latents variance 1, as Stable Diffusion's 0.18215 was found (arXiv 2112.10752, appendix
 * G): 1 over the std of sampled latents.
 * @param count images, from the beginning, that it is measured on
 */
export async function measureScale(vae: Vae, data: Dataset, backend: Backend, count = 256): Promise<number> {
  const images = hostZeros("f32", [Math.min(count, data.size), ...data.imageShape]);
  const size = images.data.length / images.shape[0]!;
  for (let i = 0; i < images.shape[0]!; i++) data.read(i, images.data, i * size);
  const { mean, std } = await encode(vae, images, { backend, batch: 16 });
  let [sum, squares] = [0, 0];
  mean.data.forEach((value, i) => {
    sum += value;
    squares += value ** 2 + std.data[i]! ** 2;
  });
  const average = sum / mean.data.length;
  return 1 / Math.sqrt(squares / mean.data.length - average ** 2);
}
