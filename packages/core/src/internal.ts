// What backends and the test kit build on. It changes without notice; models and programs use the main entry.

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
export { finalLayer } from "./define/dit/finalLayer";
export { labelEmbedding } from "./define/dit/labelEmbedding";
export { embedPatches, patchify, unpatchify } from "./define/dit/patchify";
export { positionalTable } from "./define/dit/positionalTable";
export { timestepSinusoid } from "./define/dit/timestepEmbedding";
export { bindParams, isFixed, isParamSpec, type ParamSpec, paramsOf, paramTypes } from "./define/params";
export { ddim, ddimReverse } from "./define/sample/ddim";
export { ddpm } from "./define/sample/ddpm";
export { guide, guidedChannels, type Network } from "./define/sample/guidance";
export { firstCarry, isNoisy, rowFeeds, samplerScan } from "./define/sample/scan";
export { type SamplerState, samplerStep, stateOf } from "./define/sample/step";
export { columnsOf, type SamplerRow, type SamplerTable, samplerRow } from "./define/sample/table";
export { adamwScalars, adamwScalarsAt } from "./define/train/adamw";
export { batchType, meanLosses, trainStep } from "./define/train/trainStep";
export { fnv1a } from "./host/fnv1a";
export { writeNpz } from "./host/npz";
export { parseSafetensorsHeader, safetensorsHeaderSize } from "./host/safetensorsHeader";
export { toFloat64 } from "./host/toHostTensor";
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
export { commonSubexpressions } from "./lower/commonSubexpressions";
export { expandComposites } from "./lower/expandComposites";
export { lower, lowerScan } from "./lower/lower";
export { rewrite } from "./lower/rewrite";
export { simplify } from "./lower/simplify";
export { splitBatch } from "./lower/splitBatch";
export { isDeviceTensor } from "./run/backend";
export { bindConstants, disposeAll, matchFeeds, matchStacked, stackScalars } from "./run/feeds";
export type { ReferenceTensor } from "./run/reference/reference";
export { imageScan, samplerTable } from "./run/sample";
export { carryOf, firstState, prefixed, splitFixed, unprefixed } from "./run/trainState";
export { isTensor, isTensorType } from "./trace/signature";
export { flatten, mapTree } from "./trace/tree";
