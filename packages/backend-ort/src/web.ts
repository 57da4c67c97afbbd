import type { Backend } from "@dit/core";
import { type OrtOptions, openOrt } from "./backend";
import { web } from "./platform/web";

// What a page imports from @dit/backend-ort, by the condition "browser" of the package's exports: the same names.
export type { OrtOptions } from "./backend";
export { exportModel, networkGraph, type OnnxFiles } from "./export";
export { planGraph, planScan } from "./plan";
export type { OrtProvider } from "./provider";

/** `ort` on onnxruntime-web. */
export function ort(options: OrtOptions = {}): Promise<Backend> {
  return openOrt(web, options);
}
