import type { F32, Params } from "@dit/core";
import type { AutoencoderTinyConfig } from "../config/tinyConfig";
import { type Layer, layersSpec, runLayers } from "./layers";

export function encodingTinySpec(config: AutoencoderTinyConfig) {
  return { encoder: { layers: layersSpec(encoderLayers(config)) } };
}

export function decodingTinySpec(config: AutoencoderTinyConfig) {
  return { decoder: { layers: layersSpec(decoderLayers(config)) } };
}

/** x: images [N, inChannels, H, W] in [-1, 1] -> latents [N, latentChannels, h, w], scaled as a DiT takes them */
export function encodeTiny(p: Params<ReturnType<typeof encodingTinySpec>>, x: F32, config: AutoencoderTinyConfig): F32 {
  return runLayers(p.encoder.layers, encoderLayers(config), x.add(1).mul(0.5), config.activation);
}

/** A latent is kept within +-3 smoothly. z: [N, latentChannels, h, w] -> images [N, outChannels, H, W] in about [-1, 1] */
export function decodeTiny(p: Params<ReturnType<typeof decodingTinySpec>>, z: F32, config: AutoencoderTinyConfig): F32 {
  const kept = z
    .mul(1 / 3)
    .tanh()
    .mul(3);
  return runLayers(p.decoder.layers, decoderLayers(config), kept, config.activation).mul(2).sub(1);
}

/** Latents as a picture in [0, 1], for storing them in 8 bits. */
export function scaleLatents(z: F32, { latentMagnitude, latentShift }: AutoencoderTinyConfig): F32 {
  return z
    .div(2 * latentMagnitude)
    .add(latentShift)
    .clamp(0, 1);
}

/** The latents of such a picture. */
export function unscaleLatents(z: F32, { latentMagnitude, latentShift }: AutoencoderTinyConfig): F32 {
  return z.sub(latentShift).mul(2 * latentMagnitude);
}

/** Each level but the first begins with halving the sides. */
function encoderLayers(config: AutoencoderTinyConfig): Layer[] {
  const { inChannels, latentChannels, encoderBlockOutChannels: widths, numEncoderBlocks } = config;
  const levels = widths.flatMap((channels, i): Layer[] => [
    { kind: "conv", inner: i === 0 ? inChannels : channels, out: channels, bias: i === 0, stride: i === 0 ? 1 : 2 },
    ...blocks(numEncoderBlocks[i]!, channels),
  ]);
  return [...levels, { kind: "conv", inner: widths.at(-1)!, out: latentChannels, bias: true, stride: 1 }];
}

/** Each level but the last ends with finer sides, the last in the picture's channels. */
function decoderLayers(config: AutoencoderTinyConfig): Layer[] {
  const { outChannels, latentChannels, decoderBlockOutChannels: widths, numDecoderBlocks } = config;
  const levels = widths.flatMap((channels, i): Layer[] => {
    const isLast = i === widths.length - 1;
    return [
      ...blocks(numDecoderBlocks[i]!, channels),
      ...(isLast ? [] : [{ kind: "upsample", factor: config.upsamplingScalingFactor } as const]),
      { kind: "conv", inner: channels, out: isLast ? outChannels : channels, bias: isLast, stride: 1 },
    ];
  });
  return [
    { kind: "conv", inner: latentChannels, out: widths[0]!, bias: true, stride: 1 },
    { kind: "activation" },
    ...levels,
  ];
}

function blocks(count: number, channels: number): Layer[] {
  return Array.from({ length: count }, () => ({ kind: "block", channels }));
}
