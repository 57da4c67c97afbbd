// FID and the other numbers by which generated images are judged.

export { type Factor, pivotedCholesky } from "./algebra/pivotedCholesky";
export { scriptTile, type Tile, wasmTile } from "./algebra/tile";
export { digitsFeatures, digitsGraph, digitsNetwork, digitsSize, digitsSpec } from "./features/digits/digitsNetwork";
export type { FeatureNetwork } from "./features/featureNetwork";
export { type GraphNetwork, graphFeatures } from "./features/graphFeatures";
export { foldNorms } from "./features/inception/foldNorms";
export { formulaImage, formulaWeight } from "./features/inception/formulaWeights";
export { inception, inceptionSize, inceptionSpec, storedInceptionSpec } from "./features/inception/inception";
export { inceptionGraph, inceptionNetwork, inceptionWeights } from "./features/inception/inceptionNetwork";
export {
  formulaInception,
  largestAllowedDeviation,
  type Verification,
  verifiedImage,
  verify,
} from "./features/inception/verify";
export { pixelFeatures } from "./features/pixelFeatures";
export { type Image, type ImageBatch, type ImageSource, imageOf } from "./images/image";
export { prepareImages, type Route, type RouteName, routes } from "./images/routes";
export { type AdmManifold, admManifold } from "./metrics/admManifold";
export { type Bootstrap, bootstrapOf, bootstrapRows } from "./metrics/bootstrap";
export { type FidInfinity, fidInfinity, fidOfRows, fitInverse } from "./metrics/fidInfinity";
export {
  type Frechet,
  frechetDistance,
  type Gaussian,
  gaussian,
  gaussianOf,
  gaussianOfMoments,
} from "./metrics/frechet";
export { chunks, equalSplits, inceptionScore } from "./metrics/inceptionScore";
export { cubicKernel, type Kernel, type KidSubset, kid, kidSubsets, squaredMmd } from "./metrics/kid";
export { type Manifold, manifold } from "./metrics/manifold";
export { nearestRows } from "./metrics/nearest";
export { numpyPermutation } from "./metrics/numpyPermutation";
export { meanPrd, type Prd, type PrdCurve, type PrdOptions, type PrdResult, prd, prdOfLabels } from "./metrics/prd";
export { type Spread, spreadOf } from "./metrics/spread";
export { type ByteSource, blobSource, bytesSource } from "./npz/byteSource";
export { addMoments, type StoredMoments, storedMoments } from "./npz/moments";
export type { NpzArray } from "./npz/npyArray";
export { npzImages } from "./npz/npzImages";
export { type NpzEntry, openNpy, openNpz, toNumbers } from "./npz/readNpz";
export { type ByteSink, type NpzArrayWriter, type NpzWriter, npzWriter } from "./npz/writeNpz";
export { type Comparison, compareReports } from "./report/compare";
export { type EvaluateOptions, evaluate, type Mode, modes, type Side } from "./report/evaluate";
export { type Headline, headline } from "./report/headline";
export { type MetricName, metricNames } from "./report/metrics";
export { type EvaluationReport, reportJsonSchema, reportSchema } from "./report/schema";
export { type FeatureRows, featureRows, selectRows } from "./statistics/featureRows";
export {
  concatSets,
  type FeatureKind,
  type FeatureSet,
  featureKinds,
  formatOf,
  readFeatureSet,
  writeFeatureSet,
} from "./statistics/featureSet";
export { addRows, covarianceOf, emptyMoments, type Moments, mergeMoments, momentsOf } from "./statistics/moments";
export { type FeatureSettings, requireSameSettings } from "./statistics/settings";
export {
  mergeStatistics,
  readStatistics,
  type Statistics,
  statisticsOf,
  writeStatistics,
} from "./statistics/statisticsFile";
