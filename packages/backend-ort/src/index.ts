export { type OrtOptions, ort } from "./backend";
export { exportModel, networkGraph, type OnnxFiles } from "./export";
export { planGraph, planScan } from "./plan";
