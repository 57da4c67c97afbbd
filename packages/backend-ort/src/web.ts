// What a page imports from @dit/backend-ort, by the condition "browser" of the package's exports: the same names, and a
// backend on onnxruntime-web.
import type { Backend } from "@dit/core";
import { type OrtOptions, openOrt } from "./openOrt";
import { web } from "./platform/web";

export * from "./index";

/** `ort` in pages and workers: providers wasm, the default, and webgpu. */
export function ort(options: OrtOptions = {}): Promise<Backend> {
  return openOrt(web, options);
}
