import { ConfigError } from "@dit/core";
import type { ActivationName } from "../nn/activations";

/** What a level of the encoder is made of: residual blocks, each followed by attention or not. */
export const downBlockTypes = ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"] as const;
export type DownBlockType = (typeof downBlockTypes)[number];

/** The same of the decoder. */
export const upBlockTypes = ["UpDecoderBlock2D", "AttnUpDecoderBlock2D"] as const;
export type UpBlockType = (typeof upBlockTypes)[number];

/**
 * The variational autoencoder of latent diffusion (arXiv 2112.10752, section 3.1), with the settings of diffusers'
 * `AutoencoderKL`.
 */
export interface AutoencoderKLConfig {
  readonly kind: "kl";
  readonly inChannels: number;
  readonly outChannels: number;
  /** One for each level, the finest first. */
  readonly downBlockTypes: readonly DownBlockType[];
  /** One for each level, the coarsest first. */
  readonly upBlockTypes: readonly UpBlockType[];
  /** Width of each level, the finest first; each level but the last halves the sides. */
  readonly blockOutChannels: readonly number[];
  /** Residual blocks of a level in the encoder; the decoder has one more. */
  readonly layersPerBlock: number;
  /** Of the residual blocks; before the last convolution of either side it is SiLU in any case. */
  readonly activation: ActivationName;
  readonly latentChannels: number;
  readonly normNumGroups: number;
  /** Side of the pictures that it was trained on, in pixels. It decides nothing here. */
  readonly sampleSize: number;
  /** A latent is `(z - shiftFactor) * scalingFactor`, so that its variance is near 1. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** Mean and standard deviation of each channel of z, taken out before the scaling; null takes out none. */
  readonly latentsMean: readonly number[] | null;
  readonly latentsStd: readonly number[] | null;
  /** Whether a 1x1 convolution follows the encoder, and one goes before the decoder. */
  readonly useQuantConv: boolean;
  readonly usePostQuantConv: boolean;
  /** Whether the middle of encoder and decoder has attention. */
  readonly midBlockAddAttention: boolean;
  /** Whether diffusers must not run it in half precision. Here numbers are f32 in any case. */
  readonly forceUpcast: boolean;
}

/** Stable Diffusion's, by which the paper's latents are made: 84M parameters, 8 pixels to a side of a latent's cell. */
export const klDefaults: AutoencoderKLConfig = {
  kind: "kl",
  inChannels: 3,
  outChannels: 3,
  downBlockTypes: ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
  upBlockTypes: ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
  blockOutChannels: [128, 256, 512, 512],
  layersPerBlock: 2,
  activation: "silu",
  latentChannels: 4,
  normNumGroups: 32,
  sampleSize: 256,
  scalingFactor: 0.18215,
  shiftFactor: 0,
  latentsMean: null,
  latentsStd: null,
  useQuantConv: true,
  usePostQuantConv: true,
  midBlockAddAttention: true,
  forceUpcast: true,
};

/**
 * A complete configuration; levels that are not described are plain.
 * @throws ConfigError for one that cannot be built
 */
export function klConfig(overrides: Partial<Omit<AutoencoderKLConfig, "kind">> = {}): AutoencoderKLConfig {
  const levels = overrides.blockOutChannels ?? klDefaults.blockOutChannels;
  const plain = {
    downBlockTypes: levels.map(() => downBlockTypes[0]),
    upBlockTypes: levels.map(() => upBlockTypes[0]),
  };
  const config = { ...klDefaults, ...plain, ...overrides };
  requireBuildable(config);
  return config;
}

function requireBuildable(config: AutoencoderKLConfig): void {
  const { blockOutChannels: widths, normNumGroups, latentChannels } = config;
  if (widths.length === 0) throw new ConfigError("blockOutChannels is empty: an autoencoder has a level at least");
  for (const key of ["downBlockTypes", "upBlockTypes"] as const) {
    if (config[key].length === widths.length) continue;
    throw new ConfigError(`${key} describes ${config[key].length} levels, blockOutChannels ${widths.length}`);
  }
  const odd = widths.find((width) => width % normNumGroups !== 0);
  if (odd !== undefined)
    throw new ConfigError(`a width of ${odd} does not split into normNumGroups (${normNumGroups}) groups`);
  for (const key of ["latentsMean", "latentsStd"] as const) {
    const values = config[key];
    if (values === null || values.length === latentChannels) continue;
    throw new ConfigError(`${key} has ${values.length} numbers, for ${latentChannels} latent channels`);
  }
}
