import { ConfigError } from "@dit/core";
import type { ActivationName } from "../nn/activations";

/**
 * The tiny autoencoder (TAESD, github.com/madebyollin/taesd), with the settings of diffusers' `AutoencoderTiny`. It is
 * distilled from an AutoencoderKL: its latents are the scaled ones, and it knows no variance.
 */
export interface AutoencoderTinyConfig {
  readonly kind: "tiny";
  readonly inChannels: number;
  readonly outChannels: number;
  /** Width of each level, the finest first in the encoder and the coarsest first in the decoder. */
  readonly encoderBlockOutChannels: readonly number[];
  readonly decoderBlockOutChannels: readonly number[];
  /** Residual blocks of each level. */
  readonly numEncoderBlocks: readonly number[];
  readonly numDecoderBlocks: readonly number[];
  readonly activation: ActivationName;
  readonly latentChannels: number;
  /** How much finer each level of the decoder is than the one before. */
  readonly upsamplingScalingFactor: number;
  /** Latents of this magnitude, moved by the shift, fill [0, 1] when they are stored as a picture. */
  readonly latentMagnitude: number;
  readonly latentShift: number;
  readonly scalingFactor: number;
  readonly shiftFactor: number;
}

/** The released ones. */
export const tinyDefaults: AutoencoderTinyConfig = {
  kind: "tiny",
  inChannels: 3,
  outChannels: 3,
  encoderBlockOutChannels: [64, 64, 64, 64],
  decoderBlockOutChannels: [64, 64, 64, 64],
  numEncoderBlocks: [1, 3, 3, 3],
  numDecoderBlocks: [3, 3, 3, 1],
  activation: "relu",
  latentChannels: 4,
  upsamplingScalingFactor: 2,
  latentMagnitude: 3,
  latentShift: 0.5,
  scalingFactor: 1,
  shiftFactor: 0,
};

/** A complete configuration. @throws ConfigError for one that cannot be built */
export function tinyConfig(overrides: Partial<Omit<AutoencoderTinyConfig, "kind">> = {}): AutoencoderTinyConfig {
  const config = { ...tinyDefaults, ...overrides };
  for (const side of ["encoder", "decoder"] as const) {
    const widths = config[`${side}BlockOutChannels`];
    const blocks = side === "encoder" ? config.numEncoderBlocks : config.numDecoderBlocks;
    if (widths.length !== blocks.length)
      throw new ConfigError(`the ${side} has widths for ${widths.length} levels and blocks for ${blocks.length}`);
    if (new Set(widths).size > 1)
      throw new ConfigError(`the ${side}'s widths [${widths}] differ; a tiny autoencoder has one width`);
  }
  return config;
}
