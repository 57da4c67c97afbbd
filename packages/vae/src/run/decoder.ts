import type { Backend, HostTensor } from "@dit/core";
import { decodingSpec, pixelsPerCell, type Vae } from "../vae";
import { decodeTiled } from "./decodeTiled";
import { decoderGraph, type Size } from "./graphs";
import { inBatches } from "./inBatches";
import type { Tiling } from "./tiles";
import { weightsOf } from "./weightsOf";

/** How latents are decoded. */
export interface DecoderOptions {
  /** Latents at a time, which takes the memory of so many; 1 by default. */
  readonly batch?: number;
  /**
   * Decodes larger latents in tiles, in the memory of one, and fades them into each other. Norms and attention then see a
   * tile instead of the picture, which changes it a little. Without it a latent is decoded whole.
   */
  readonly tiling?: Tiling;
}

/** A compiled decoder. */
export interface Decoder {
  /** latents: as a DiT draws them [N, c, h, w], any N -> images [N, C, H, W], in about [-1, 1] */
  run(latents: HostTensor<"f32">, signal?: AbortSignal): Promise<HostTensor<"f32">>;
  dispose(): Promise<void>;
}

export async function createDecoder(
  vae: Vae,
  backend: Backend,
  [height, width]: Size,
  { batch = 1, tiling }: DecoderOptions = {},
): Promise<Decoder> {
  const side = tiling?.size ?? Number.POSITIVE_INFINITY;
  const size: Size = [Math.min(height, side), Math.min(width, side)];
  const constants = weightsOf(decodingSpec(vae.config), vae.weights);
  const executable = await backend.compile(decoderGraph(vae.config, batch, size), { constants });
  const whole = async (latents: HostTensor<"f32">, signal?: AbortSignal) =>
    (await inBatches(executable, "latents", latents, batch, signal)).images!;
  const isWhole = size[0] === height && size[1] === width;
  return {
    run: (latents, signal) =>
      isWhole || tiling === undefined
        ? whole(latents, signal)
        : decodeTiled((tile) => whole(tile, signal), latents, size, tiling, pixelsPerCell(vae.config)),
    dispose: () => executable.dispose(),
  };
}

export interface DecodeOptions extends DecoderOptions {
  readonly backend: Backend;
  readonly signal?: AbortSignal;
}

/** latents: as a DiT draws them [N, c, h, w] -> images [N, C, H, W], in about [-1, 1] */
export async function decode(
  vae: Vae,
  latents: HostTensor<"f32">,
  { backend, signal, ...options }: DecodeOptions,
): Promise<HostTensor<"f32">> {
  const [height, width] = latents.shape.slice(2) as [number, number];
  const decoder = await createDecoder(vae, backend, [height, width], options);
  try {
    return await decoder.run(latents, signal);
  } finally {
    await decoder.dispose();
  }
}
