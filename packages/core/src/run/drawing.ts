import { requireLabels } from "../define/dit/config";
import type { ModelConfig } from "../define/model";
import type { Weights } from "../define/params";
import { fillNormal } from "../host/normal";
import type { StreamKey } from "../host/rng";
import { DitError } from "../ir/errors";
import { type HostTensor, hostZeros } from "../ir/hostTensor";

/** @throws ConfigError for a label that the model does not know, DitError for a number of them that was not compiled */
export function requireClasses({ dit }: ModelConfig, classes: readonly number[], count: number): void {
  if (classes.length !== count)
    throw new DitError(`this sampler draws ${count} images at a time, got ${classes.length} classes`);
  requireLabels(dit, classes);
}

/** @throws DitError when a sampler that was compiled for some weights is to draw from others */
export function requireBound(bound: Weights | undefined, weights: Weights): void {
  if (bound !== undefined && bound !== weights)
    throw new DitError("this sampler was compiled for other weights; leave them out of createSampler to change them");
}

/** Standard normal noise for images `firstSample`, ...: [N, C, I, J] */
export function noiseFor(
  { dit: { inChannels, inputSize } }: ModelConfig,
  count: number,
  firstSample: number,
  key: Omit<StreamKey, "sample">,
): HostTensor<"f32"> {
  const out = hostZeros("f32", [count, inChannels, ...inputSize]);
  const size = out.data.length / count;
  for (let i = 0; i < count; i++) fillNormal({ ...key, sample: firstSample + i }, out.data, i * size, size);
  return out;
}
