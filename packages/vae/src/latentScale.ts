import type { VaeConfig } from "./vae";

/** How each channel of what the encoder puts out becomes that of a latent: `latent = (z - shift) * scale`. */
export interface LatentScale {
  readonly shift: readonly number[];
  readonly scale: readonly number[];
}

/** The scaling of a VAE's latents (arXiv 2212.09748, section 4: by 0.18215), and of the mean and std of each channel where it has them. */
export function latentScale(config: VaeConfig): LatentScale {
  const { latentChannels, scalingFactor, shiftFactor } = config;
  const { latentsMean, latentsStd } = config.kind === "kl" ? config : { latentsMean: null, latentsStd: null };
  const channels = Array.from({ length: latentChannels }, (_, c) => c);
  return {
    shift: channels.map((c) => shiftFactor + (latentsMean?.[c] ?? 0)),
    scale: channels.map((c) => scalingFactor / (latentsStd?.[c] ?? 1)),
  };
}
