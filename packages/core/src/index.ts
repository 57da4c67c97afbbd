// What a user of the library types: models, training, sampling, and the language that models are written in.
export { type AdamWConfig, adamwDefaults } from "./define/train/adamw";
export { type LearningRateConfig, learningRateAt } from "./define/train/learningRate";
export { countParams, type Params, param, type Weights } from "./define/params";
export { initialize } from "./define/initialize";
export type { Model, ModelConfig } from "./define/model";
export { type DiTConfig, ditConfig, ditDefaults, ditPresets, nullLabel, outChannels, tokenCount } from "./define/dit/config";
export { dit, type DiTParams, ditSpec } from "./define/dit/dit";
export { multiplyAdds } from "./define/dit/flops";
export { type DiffusionConfig, diffusionDefaults } from "./define/diffusion/config";
export { predictions } from "./define/diffusion/prediction";
export { type Process, process } from "./define/diffusion/process";
export { schedules } from "./define/diffusion/schedule";
export { variances } from "./define/diffusion/variance";
export { samplers, type SamplerName } from "./define/sample/samplers";
export { modelFromSafetensors, modelToSafetensors } from "./define/modelFile";
export { readSafetensors, writeSafetensors } from "./host/safetensors";
export { toFloat32, toHostTensor } from "./host/toHostTensor";
export { normal } from "./host/normal";
export { permutation, type StreamKey, uniform, uniformInts } from "./host/rng";
export * from "./ir/errors";
export type { DType } from "./ir/dtype";
export { type HostTensor, hostF32, hostI32, hostTensor, hostZeros } from "./ir/hostTensor";
export type { Shape } from "./ir/shape";
export type { Graph, Port, Scan } from "./ir/graph";
export { print } from "./ir/print";
export { type Bool, type F32, type I32, Tensor } from "./ir/tensor";
export { concat, constant, constantF32, gelu, scalar, select, sigmoid, silu, softmax, split, zeros } from "./ir/create";
export { f32, i32, type Traced } from "./trace/signature";
export { trace, traceScan } from "./trace/trace";
export { valueAndGrad } from "./differentiate/valueAndGrad";
export { backward } from "./differentiate/backward";
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
export type { Dataset } from "./run/dataset";
export { reference } from "./run/reference/reference";
export { createSampler, type SampleOptions, type Sampler, type SampleSettings, type Samples, sample, sampleDefaults } from "./run/sample";
export { type StepMetrics, type TrainOptions, type TrainResult, type TrainState, train } from "./run/train";
export type { Validation } from "./run/validate";
