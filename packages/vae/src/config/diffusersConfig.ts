import { UnsupportedError } from "@dit/core";
import type { VaeConfig } from "../vae";
import { type DiffusersConfig, fieldsOf, ofFile } from "./diffusersFields";
import { type AutoencoderKLConfig, downBlockTypes, klConfig, upBlockTypes } from "./klConfig";
import { type AutoencoderTinyConfig, tinyConfig } from "./tinyConfig";

const classes = { kl: "AutoencoderKL", tiny: "AutoencoderTiny" } as const;

/**
 * The autoencoder that a `config.json` of diffusers describes. Entries that it leaves out are diffusers' defaults, and
 * those that diffusers does not know are passed over, as it does.
 * @throws FormatError for a misshapen entry, UnsupportedError for another class or a part of one that is not known
 */
export function fromDiffusersConfig(json: DiffusersConfig): VaeConfig {
  const name = json._class_name ?? ("encoder_block_out_channels" in json ? classes.tiny : classes.kl);
  switch (name) {
    case classes.kl:
      return ofFile(() => klFrom(json));
    case classes.tiny:
      return ofFile(() => tinyFrom(json));
    default:
      throw new UnsupportedError(`it configures ${JSON.stringify(name)}, which is no autoencoder that is known here`);
  }
}

function klFrom(json: DiffusersConfig): AutoencoderKLConfig {
  const read = fieldsOf(json);
  return klConfig({
    inChannels: read.whole("in_channels", 3),
    outChannels: read.whole("out_channels", 3),
    downBlockTypes: read.kinds("down_block_types", ["DownEncoderBlock2D"], downBlockTypes),
    upBlockTypes: read.kinds("up_block_types", ["UpDecoderBlock2D"], upBlockTypes),
    blockOutChannels: read.wholes("block_out_channels", [64]),
    layersPerBlock: read.whole("layers_per_block", 1),
    activation: read.activation("act_fn", "silu"),
    latentChannels: read.whole("latent_channels", 4),
    normNumGroups: read.whole("norm_num_groups", 32),
    sampleSize: read.whole("sample_size", 32),
    scalingFactor: read.real("scaling_factor", 0.18215),
    shiftFactor: read.realOrNull("shift_factor") ?? 0,
    latentsMean: read.realsOrNull("latents_mean"),
    latentsStd: read.realsOrNull("latents_std"),
    useQuantConv: read.flag("use_quant_conv", true),
    usePostQuantConv: read.flag("use_post_quant_conv", true),
    midBlockAddAttention: read.flag("mid_block_add_attention", true),
    forceUpcast: read.flag("force_upcast", true),
  });
}

function tinyFrom(json: DiffusersConfig): AutoencoderTinyConfig {
  const read = fieldsOf(json);
  if (json.upsample_fn !== undefined && json.upsample_fn !== "nearest")
    throw new UnsupportedError(`upsample_fn is ${JSON.stringify(json.upsample_fn)}; only "nearest" is known`);
  return tinyConfig({
    inChannels: read.whole("in_channels", 3),
    outChannels: read.whole("out_channels", 3),
    encoderBlockOutChannels: read.wholes("encoder_block_out_channels", [64, 64, 64, 64]),
    decoderBlockOutChannels: read.wholes("decoder_block_out_channels", [64, 64, 64, 64]),
    numEncoderBlocks: read.counts("num_encoder_blocks", [1, 3, 3, 3]),
    numDecoderBlocks: read.counts("num_decoder_blocks", [3, 3, 3, 1]),
    activation: read.activation("act_fn", "relu"),
    latentChannels: read.whole("latent_channels", 4),
    upsamplingScalingFactor: read.whole("upsampling_scaling_factor", 2),
    latentMagnitude: read.real("latent_magnitude", 3),
    latentShift: read.real("latent_shift", 0.5),
    scalingFactor: read.real("scaling_factor", 1),
    shiftFactor: read.real("shift_factor", 0),
  });
}

/** The `config.json` of an autoencoder, which `fromDiffusersConfig` and diffusers read. */
export function toDiffusersConfig(config: VaeConfig): DiffusersConfig {
  return config.kind === "kl" ? klTo(config) : tinyTo(config);
}

function klTo(config: AutoencoderKLConfig): DiffusersConfig {
  return {
    _class_name: classes.kl,
    act_fn: config.activation,
    block_out_channels: config.blockOutChannels,
    down_block_types: config.downBlockTypes,
    force_upcast: config.forceUpcast,
    in_channels: config.inChannels,
    latent_channels: config.latentChannels,
    latents_mean: config.latentsMean,
    latents_std: config.latentsStd,
    layers_per_block: config.layersPerBlock,
    mid_block_add_attention: config.midBlockAddAttention,
    norm_num_groups: config.normNumGroups,
    out_channels: config.outChannels,
    sample_size: config.sampleSize,
    scaling_factor: config.scalingFactor,
    shift_factor: config.shiftFactor === 0 ? null : config.shiftFactor,
    up_block_types: config.upBlockTypes,
    use_post_quant_conv: config.usePostQuantConv,
    use_quant_conv: config.useQuantConv,
  };
}

function tinyTo(config: AutoencoderTinyConfig): DiffusersConfig {
  return {
    _class_name: classes.tiny,
    act_fn: config.activation,
    block_out_channels: config.decoderBlockOutChannels,
    decoder_block_out_channels: config.decoderBlockOutChannels,
    encoder_block_out_channels: config.encoderBlockOutChannels,
    force_upcast: false,
    in_channels: config.inChannels,
    latent_channels: config.latentChannels,
    latent_magnitude: config.latentMagnitude,
    latent_shift: config.latentShift,
    num_decoder_blocks: config.numDecoderBlocks,
    num_encoder_blocks: config.numEncoderBlocks,
    out_channels: config.outChannels,
    scaling_factor: config.scalingFactor,
    shift_factor: config.shiftFactor,
    upsample_fn: "nearest",
    upsampling_scaling_factor: config.upsamplingScalingFactor,
  };
}
