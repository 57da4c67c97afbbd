import { constantF32, type F32 } from "@dit/core";
import type { VaeConfig } from "./vae";

/** How each channel of what the encoder puts out becomes that of a latent: `latent = (z - shift) * scale`. */
export interface LatentScale {
  readonly shift: readonly number[];
  readonly scale: readonly number[];
}

/**
 * The scaling of a VAE's latents: by one number (0.18215 in the paper's code, arXiv 2112.10752, appendix G), and by mean
 * and std of each channel where it has them.
 */
export function latentScale(config: VaeConfig): LatentScale {
  const { latentChannels, scalingFactor, shiftFactor } = config;
  const { latentsMean, latentsStd } = config.kind === "kl" ? config : { latentsMean: null, latentsStd: null };
  const channels = Array.from({ length: latentChannels }, (_, c) => c);
  return {
    shift: channels.map((c) => shiftFactor + (latentsMean?.[c] ?? 0)),
    scale: channels.map((c) => scalingFactor / (latentsStd?.[c] ?? 1)),
  };
}

/**
 * The scaling of values on the host.
 * @param cells of a channel: h * w
 * @returns what a value of z becomes that lies at `at` in [c, h, w], or in several of these
 */
export function scaling(config: VaeConfig, cells: number): (z: number, at: number) => number {
  const { shift, scale } = latentScale(config);
  return (z, at) => {
    const channel = Math.floor(at / cells) % scale.length;
    return (z - shift[channel]!) * scale[channel]!;
  };
}

/** The way back. latents: [N, C, h, w] -> z, the same */
export function unscaled(latents: F32, config: VaeConfig): F32 {
  const { shift, scale } = latentScale(config);
  const perChannel = (values: readonly number[]) => constantF32([1, values.length, 1, 1], values);
  return latents.mul(perChannel(scale.map((factor) => 1 / factor))).add(perChannel(shift));
}
