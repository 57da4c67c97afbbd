export { type OrtOptions, ort } from "./backend";
export { exportModel, networkGraph, type OnnxFiles } from "./export";
export type { WeightFormat } from "./lower/quantizedMatrix";
export { quantizedWeights } from "./lower/quantizedWeights";
export { planGraph, planScan } from "./plan";
