import type { Backend } from "@dit/core";
import { type OrtOptions, openOrt } from "./openOrt";
import { node } from "./platform/node";

export type { OrtOptions } from "./openOrt";

/**
 * The onnxruntime backend: a graph becomes an ONNX model, a scan one `Loop` in it, so that a train state or a latent
 * stays with the runtime from step to step; on WebGPU the host calls the steps, and the state stays in the GPU's memory.
 * @throws MissingPackageError when onnxruntime, or what the provider needs, is not installed
 * @throws ConfigError for a provider that this platform lacks
 * @throws DitError when the provider does not start here, with what would help
 */
export function ort(options: OrtOptions = {}): Promise<Backend> {
  return openOrt(node, options);
}
