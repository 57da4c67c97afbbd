import type { Backend, HostTensor } from "@dit/core";
import { encodingSpec, type Moments, type Vae } from "../vae";
import { encoderGraph, type Size } from "./graphs";
import { inBatches } from "./inBatches";
import { weightsOf } from "./weightsOf";

/** A compiled encoder. */
export interface Encoder {
  /** images: [N, C, H, W] in [-1, 1], any N -> moments of their latents, unscaled [N, c, h, w] */
  run(images: HostTensor<"f32">, signal?: AbortSignal): Promise<Moments<HostTensor<"f32">>>;
  dispose(): Promise<void>;
}

/** @param batch images at a time, which takes the memory of so many and changes no result */
export async function createEncoder(vae: Vae, backend: Backend, imageSize: Size, batch = 1): Promise<Encoder> {
  const constants = weightsOf(encodingSpec(vae.config), vae.weights);
  const executable = await backend.compile(encoderGraph(vae.config, batch, imageSize), { constants });
  return {
    run: async (images, signal) => {
      const { mean, std } = await inBatches(executable, "images", images, batch, signal);
      return { mean: mean!, std: std! };
    },
    dispose: () => executable.dispose(),
  };
}

export interface EncodeOptions {
  readonly backend: Backend;
  /** Images at a time, 1 by default. */
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

/** What images [N, C, H, W] in [-1, 1] tell of their latents: mean and std, unscaled [N, c, h, w]. */
export async function encode(
  vae: Vae,
  images: HostTensor<"f32">,
  { backend, batch = 1, signal }: EncodeOptions,
): Promise<Moments<HostTensor<"f32">>> {
  const [height, width] = images.shape.slice(2) as [number, number];
  const encoder = await createEncoder(vae, backend, [height, width], batch);
  try {
    return await encoder.run(images, signal);
  } finally {
    await encoder.dispose();
  }
}
