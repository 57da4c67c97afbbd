// What backends and the test kit build on. It changes without notice; models and programs use the main entry.

export { depthOf, guessConfig } from "./define/checkpoint/guessConfig";
export { lookalike } from "./define/checkpoint/lookalike";
export { type ModelFolder, modelFromFolder, modelToFolder, weightsIn } from "./define/checkpoint/modelFolder";
export { selectWeights, type WeightPart, weightParts } from "./define/checkpoint/selectWeights";
export { type StoredFloat, storedFloats, storedWeights } from "./define/checkpoint/storedWeights";
export { priorBitsPerDim } from "./define/diffusion/bitsPerDim";
export { type Gaussian, qMeanVariance, qPosterior, qSample } from "./define/diffusion/forward";
export { discretizedGaussianLogLikelihood, normalKl } from "./define/diffusion/gaussian";
export {
  type Losses,
  type LossType,
  losses,
  meanFlat,
  timestepOf,
  trainingLosses,
  variationalBound,
} from "./define/diffusion/loss";
export { epsFromX0, type PredictionType, predictX0 } from "./define/diffusion/prediction";
export { extract } from "./define/diffusion/process";
export { respace } from "./define/diffusion/respacing";
export { pMeanVariance, splitOutput } from "./define/diffusion/reverse";
export { betasOf } from "./define/diffusion/schedule";
export type { VarianceType } from "./define/diffusion/variance";
export { ditBlock } from "./define/dit/block";
export { type BlockVariant, blockVariant, blockVariants } from "./define/dit/blockVariants";
export { sequence, summed } from "./define/dit/conditioning";
export { finalLayer, finalLayerSpec } from "./define/dit/finalLayer";
export { labelEmbedding } from "./define/dit/labelEmbedding";
export { type Layers, layerSpecs, layersOf } from "./define/dit/layers";
export { diffusersNumerics } from "./define/dit/numerics";
export { embedPatches, patchify, unpatchify } from "./define/dit/patchify";
export { positionalTable } from "./define/dit/positionalTable";
export { timestepSinusoid } from "./define/dit/timestepEmbedding";
export { samplingRange } from "./define/flow/config";
export { flowLosses, flowPoints, flowPointType, flowTarget, onPath } from "./define/flow/loss";
export { pathAt, scoreFactor } from "./define/flow/path";
export { ofVelocity } from "./define/flow/prediction";
export { modelFromTensors, modelPieces } from "./define/modelFile";
export { modulate, perToken } from "./define/nn/modulate";
export { bindParams, isFixed, isParamSpec, type ParamSpec, paramsOf, paramTypes } from "./define/params";
export { ddim, ddimReverse } from "./define/sample/ddim";
export { ddpm } from "./define/sample/ddpm";
export type { SchedulerConfig } from "./define/sample/diffusers/fields";
export type { DiffusersSampler, StepOptions } from "./define/sample/diffusers/sampler";
export { flowColumns } from "./define/sample/flowColumns";
export { flowOde, type OdeMethod, odeMethods } from "./define/sample/flowOde";
export { flowSde, type LastStep, type SdeMethod } from "./define/sample/flowSde";
export { guide, guidedChannels, type Network } from "./define/sample/guidance";
export { firstCarry, isNoisy, rowFeeds, samplerScan } from "./define/sample/scan";
export { levelsOf } from "./define/sample/spacing";
export { type SamplerState, samplerStep, stateOf } from "./define/sample/step";
export { columnsOf, type SamplerRow, type SamplerTable, samplerRow } from "./define/sample/table";
export { adamwScalars, adamwScalarsAt } from "./define/train/adamw";
export { diffusionBatchType } from "./define/train/objective";
export { optimize } from "./define/train/optimize";
export { trainStep } from "./define/train/trainStep";
export { bytesSource } from "./host/byteSource";
export { concatBytes } from "./host/concatBytes";
export { crc32, crc32c } from "./host/crc32";
export { type Derivative, dopri5 } from "./host/dopri5";
export { fnv1a } from "./host/fnv1a";
export { f16ArrayToF32, f16ToF32, f32ArrayToF16, f32ToF16 } from "./host/halfPrecision";
export { fitSquare } from "./host/image/fitSquare";
export { resize } from "./host/image/resize";
export { luma, type RgbImage } from "./host/image/rgbImage";
export { filters, weightedTaps } from "./host/image/taps";
export { littleEndianBytes } from "./host/littleEndian";
export { diffusersNames } from "./host/names/diffusersDiT";
export { toDiffusers } from "./host/names/diffusersLayout";
export { fillNormal } from "./host/normal";
export {
  encodeNpyHeader,
  type NpyCode,
  type NpyHeader,
  npyDataOffset,
  npyPrefixBytes,
  parseNpyHeader,
} from "./host/npyHeader";
export { openTensors } from "./host/openTensors";
export {
  blockInt4,
  blockScales,
  blocksPerRow,
  dequantize,
  type IntegerFormat,
  perChannelInt8,
  quantize,
} from "./host/quantize";
export type { SafetensorsSource } from "./host/safetensors";
export { parseSafetensorsHeader, safetensorsHeaderSize } from "./host/safetensorsHeader";
export type { FileTensor, TensorFile } from "./host/tensorFile";
export { toFloat64, toLazyFloat32 } from "./host/toHostTensor";
export { type Reading, type ZipEntry, zipDirectory } from "./host/zipDirectory";
export { zipWriter } from "./host/zipWriter";
export { apply, infer, isComposite } from "./ir/apply";
export { composites } from "./ir/composites/table";
export { input } from "./ir/create";
export { bytesPerElement, hostArray, isFloat } from "./ir/dtype";
export { nodesOf, stepGraph, topologicalOrder, withStep } from "./ir/graph";
export type {
  AttributesOf,
  CompositeName,
  Composites,
  InputsOf,
  OpName,
  PrimitiveName,
  Primitives,
  TensorType,
} from "./ir/ops";
export { primitives } from "./ir/primitives/table";
export { typeOf } from "./ir/print";
export { currentScope, inPart, inScope } from "./ir/scope";
export { broadcastShapes, sameShape, sizeOf, stridesOf } from "./ir/shape";
export type { Node } from "./ir/tensor";
export { verify, verifyScan } from "./ir/verify";
export type { Padding, Pair, PoolAttributes } from "./ir/window";
export { accurateSines } from "./lower/accurateSines";
export { castTensors } from "./lower/castPrecision";
export { commonSubexpressions } from "./lower/commonSubexpressions";
export { expandComposites } from "./lower/expandComposites";
export { lower, lowerScan } from "./lower/lower";
export { bytesOf, type MemoryPlan, memoryPlan, scanMemoryPlan } from "./lower/memoryPlan";
export { productsOf } from "./lower/productsOf";
export { rewrite } from "./lower/rewrite";
export { type Schedule, schedule } from "./lower/schedule";
export { simplify } from "./lower/simplify";
export { type BatchSplit, splitBatch } from "./lower/splitBatch";
export { isDeviceTensor } from "./run/backend";
export { trainingBatches, trainingImages } from "./run/batches";
export { bitsPerDimGraph } from "./run/bitsPerDim";
export { callsOf, isDue } from "./run/calls";
export { bindConstants, disposeAll, matchFeeds, matchStacked, stackScalars } from "./run/feeds";
export { hostLoop, type LoopDevice, type LoopInputs } from "./run/hostLoop";
export { LiveTensors } from "./run/liveTensors";
export { Queue } from "./run/queue";
export type { ReferenceTensor } from "./run/reference/reference";
export { requireDTypes } from "./run/requireDTypes";
export { guidedRows, imageScan, samplerTable } from "./run/sample";
export { requirePossible, settingsFrom } from "./run/sampleSettings";
export { type SamplingCall, samplingCalls } from "./run/samplingCalls";
export { carryOf, firstState, prefixed, readAll, splitFixed, unprefixed } from "./run/trainState";
export { isTensor, isTensorType } from "./trace/signature";
export { flatten, mapTree } from "./trace/tree";
