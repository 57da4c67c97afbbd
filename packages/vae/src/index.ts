// The autoencoders of latent diffusion.

export { type LoadVaeOptions, vaeFromTensors, vaePieces } from "./checkpoint/vaeFile";
export { vaeFromFolder, vaeToFolder, vaeWeightsIn } from "./checkpoint/vaeFolder";
export { fromDiffusersConfig, toDiffusersConfig } from "./config/diffusersConfig";
export { type AutoencoderKLConfig, klConfig, klDefaults } from "./config/klConfig";
export { type AutoencoderTinyConfig, tinyConfig, tinyDefaults } from "./config/tinyConfig";
export { decodeKL, decodingKLSpec, encodeKL, encodingKLSpec, type Posterior, posteriorOf } from "./kl/autoencoderKL";
export { type LatentScale, latentScale, scaling } from "./latentScale";
export { createDecoder, type DecodeOptions, type Decoder, type DecoderOptions, decode } from "./run/decoder";
export { createEncoder, type EncodeOptions, type Encoder, encode } from "./run/encoder";
export { decoderGraph, encoderGraph, latentSize, type Size } from "./run/graphs";
export type { Tiling } from "./run/tiles";
export { decodeTiny, encodeTiny, scaleLatents, unscaleLatents } from "./tiny/autoencoderTiny";
export {
  klDivergence,
  type ReconstructionLoss,
  reconstructionLosses,
  type VaeObjective,
  vaeLosses,
  vaeObjectiveDefaults,
} from "./train/loss";
export { measureScale } from "./train/measureScale";
export { vaeTrainStep } from "./train/trainStep";
export {
  requireTrainable,
  type TrainedVae,
  type TrainVaeOptions,
  trainVae,
  type VaeStepMetrics,
  type VaeTrainState,
} from "./train/trainVae";
export { decodeLatents, encodeImages, type Moments, pixelsPerCell, type Vae, type VaeConfig, vaeSpec } from "./vae";
