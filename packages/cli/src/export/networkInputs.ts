import {
  type HostTensor,
  hostF32,
  hostI32,
  hostTensor,
  type ModelConfig,
  normal,
  type ObjectiveConfig,
} from "@dit/core";

// What files are run on to check them: the same in every run, so that a failure can be looked at again.

/** Standard normal images [N, C, I, J]; image i is the library's own draw of sample i from this stream. */
export function drawnImages(
  { dit: { inChannels, inputSize } }: Pick<ModelConfig, "dit">,
  batchSize: number,
  stream: string,
  step = 0,
): HostTensor<"f32"> {
  const size = inChannels * inputSize[0] * inputSize[1];
  const data = new Float32Array(batchSize * size);
  for (let sample = 0; sample < batchSize; sample++)
    data.set(normal({ seed: 0, stream, step, sample }, size), sample * size);
  return hostTensor("f32", [batchSize, inChannels, ...inputSize], data);
}

/** Labels that soon reach every class; an unconditional model has one alone. */
export function labelsOf({ dit: { numClasses } }: Pick<ModelConfig, "dit">, batchSize: number): number[] {
  return Array.from({ length: batchSize }, (_, i) => (i * 7) % Math.max(1, numClasses));
}

/** The labels as an input, which an unconditional model has not. */
export function labelInput(config: Pick<ModelConfig, "dit">, batchSize: number): { readonly y?: HostTensor<"i32"> } {
  return config.dit.numClasses === 0 ? {} : { y: hostI32([batchSize], labelsOf(config, batchSize)) };
}

/** Times at which a model is asked, in some order that soon reaches everywhere. */
export function times({ diffusion }: ModelConfig, batchSize: number): HostTensor<"f32"> {
  return hostF32(
    [batchSize],
    Array.from({ length: batchSize }, (_, i) => timeOf(diffusion, i * 389 + 37)),
  );
}

function timeOf(objective: ObjectiveConfig, n: number): number {
  switch (objective.kind) {
    case "diffusion":
      return n % objective.timesteps;
    case "flow":
      return (n % 1000) / 1000;
    default:
      return objective satisfies never;
  }
}
