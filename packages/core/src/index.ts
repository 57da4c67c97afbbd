// What a user of the library types: models, training, sampling, and the language that models are written in.

export { type DiffusionConfig, diffusionDefaults } from "./define/diffusion/config";
export { predictions } from "./define/diffusion/prediction";
export { type Process, process } from "./define/diffusion/process";
export { type Schedule, schedules } from "./define/diffusion/schedule";
export { type TimeSampling, timeSamplings } from "./define/diffusion/timeSampling";
export { variances } from "./define/diffusion/variance";
export { type Weighting, weightings } from "./define/diffusion/weighting";
export {
  type BlockOptions,
  blockDefaults,
  type Conditioning,
  conditionings,
  type MlpName,
  mlpNames,
  type NormName,
  normNames,
} from "./define/dit/blockOptions";
export {
  type DiTConfig,
  ditConfig,
  ditDefaults,
  ditPresets,
  labelCount,
  nullLabel,
  outChannels,
  tokenCount,
} from "./define/dit/config";
export { type DiTParams, dit, ditSpec } from "./define/dit/dit";
export { multiplyAdds } from "./define/dit/flops";
export { type FlowConfig, flowDefaults } from "./define/flow/config";
export { type PathName, type PathPoint, paths } from "./define/flow/path";
export { type FlowPredictionType, flowPredictions } from "./define/flow/prediction";
export { type DiffusionForm, diffusionForms } from "./define/flow/sde";
export { type FlowWeighting, flowWeightings } from "./define/flow/weighting";
export { initialize } from "./define/initialize";
export type { Model, ModelConfig } from "./define/model";
export { type LoadOptions, modelFromSafetensors, modelToSafetensors } from "./define/modelFile";
export { selfAttention, selfAttentionSpec } from "./define/nn/attention";
export { conv2d, conv2dSpec } from "./define/nn/conv2d";
export { crossAttention, crossAttentionSpec } from "./define/nn/crossAttention";
export { groupNorm, groupNormSpec } from "./define/nn/groupNorm";
export { affineLayerNorm, affineLayerNormSpec, layerNorm } from "./define/nn/layerNorm";
export { linear, linearSpec } from "./define/nn/linear";
export { mlp, mlpSpec } from "./define/nn/mlp";
export { rmsNorm, scaledRmsNorm, scaledRmsNormSpec } from "./define/nn/rmsNorm";
export { swiglu, swigluSpec } from "./define/nn/swiglu";
export { type ObjectiveConfig, objectiveConfig } from "./define/objective";
export { bindParams, countParams, type Params, param, paramTypes, type Weights } from "./define/params";
export { samplerFromDiffusers } from "./define/sample/diffusers/samplerFromDiffusers";
export {
  type FlowSamplerName,
  type FlowSamplerSettings,
  flowSamplerDefaults,
  flowSamplers,
} from "./define/sample/flowSamplers";
export { type NoiseLevel, predictionColumns } from "./define/sample/level";
export { type SamplerName, samplers } from "./define/sample/samplers";
export { noiseLevels, type SpacingName, spacingNames } from "./define/sample/spacing";
export { type SamplerTable, samplerRow } from "./define/sample/table";
export { type AdamWConfig, adamwDefaults } from "./define/train/adamw";
export { type EmaConfig, emaDecayAt, widestEma } from "./define/train/ema";
export { type DecayName, decays, type LearningRateConfig, learningRateAt } from "./define/train/learningRate";
export type { LossScale } from "./define/train/lossScale";
export { type BackwardOptions, backward } from "./differentiate/backward";
export type { SegmentOf } from "./differentiate/recompute";
export { valueAndGrad } from "./differentiate/valueAndGrad";
export { normal } from "./host/normal";
export { permutation, type StreamKey, uniform, uniformInts } from "./host/rng";
export { readSafetensors, safetensorsPieces, writeSafetensors } from "./host/safetensors";
export { toFloat32, toHostTensor } from "./host/toHostTensor";
export {
  avgPool2d,
  barrier,
  concat,
  constant,
  constantF32,
  gelu,
  maxPool2d,
  scalar,
  select,
  sigmoid,
  silu,
  softmax,
  split,
  upsampleNearest,
  zeros,
} from "./ir/create";
export type { DType } from "./ir/dtype";
export * from "./ir/errors";
export type { Graph, Port, Scan } from "./ir/graph";
export { type HostTensor, hostF32, hostI32, hostTensor, hostZeros, lazyTensor } from "./ir/hostTensor";
export { print } from "./ir/print";
export type { Shape } from "./ir/shape";
export { type Bool, type F32, type I32, Tensor } from "./ir/tensor";
export type { ConvolutionOptions, PoolOptions } from "./ir/window";
export { castPrecision, type Precision } from "./lower/castPrecision";
export type {
  Backend,
  Capabilities,
  CompileOptions,
  DeviceTensor,
  DeviceTensors,
  Executable,
  Feed,
  Feeds,
  ScanExecutable,
  ScanFeeds,
  ScanResult,
} from "./run/backend";
export { type BitsPerDim, type BitsPerDimOptions, bitsPerDim } from "./run/bitsPerDim";
export { type CompareOptions, type Comparison, compareBackends, type Deviation } from "./run/compareBackends";
export type { Dataset } from "./run/dataset";
export { reference } from "./run/reference/reference";
export {
  type CreateSamplerOptions,
  createSampler,
  type RunOptions,
  type SampleOptions,
  type Sampler,
  type Samples,
  sample,
} from "./run/sample";
export { type SampleSettings, sampleDefaults, samplerNames, samplersOf } from "./run/sampleSettings";
export { type StepMetrics, type TrainOptions, type TrainResult, train } from "./run/train";
export type { TrainState } from "./run/trainState";
export type { Validation } from "./run/validate";
export { f32, i32, type Traced } from "./trace/signature";
export { trace, traceScan } from "./trace/trace";
