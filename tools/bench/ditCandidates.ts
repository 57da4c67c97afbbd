import { networkGraph } from "@dit/backend-ort";
import {
  adamwDefaults,
  type Backend,
  castPrecision,
  createSampler,
  ditSpec,
  type Executable,
  type Feeds,
  hostF32,
  hostTensor,
  hostZeros,
  initialize,
  type ModelConfig,
  multiplyAdds,
  normal,
  type Precision,
  uniformInts,
  type Weights,
} from "@dit/core";
import { adamwScalarsAt, carryOf, firstState, prefixed, splitFixed, stackScalars, trainStep } from "@dit/core/internal";
import type { Candidate } from "./againstRoof";

/** The flags of a benchmark of a DiT. */
export const ditOptions = {
  model: { type: "string", default: "DiT-S/2" },
  batch: { type: "string", default: "8" },
  threads: { type: "string", default: "2" },
  rounds: { type: "string", default: "7" },
  only: { type: "string" },
} as const;

/** What is measured of a model, and on what. */
export interface Setting {
  readonly backend: Backend;
  readonly config: ModelConfig;
  readonly batch: number;
  readonly dtype: Precision;
}

/** Inputs of a forward pass: images x [N, C, I, J], timesteps t [N] and labels y [N]. */
export function networkFeeds({ dit }: ModelConfig, batch: number) {
  const shape = [batch, dit.inChannels, ...dit.inputSize];
  return {
    x: hostF32(shape, noiseOf("x", shape)),
    t: hostF32([batch], uniformInts({ seed: 0, stream: "t", step: 0, sample: 0 }, batch, 1000)),
    y: hostTensor("i32", [batch], uniformInts({ seed: 0, stream: "y", step: 0, sample: 0 }, batch, dit.numClasses)),
  } satisfies Feeds;
}

/** The forward pass, with weights bound as a server would have them. */
export function compileForward({ backend, config, batch, dtype }: Setting, weights: Weights) {
  return backend.compile(castPrecision(networkGraph({ config }, batch), dtype), { constants: weights });
}

/** One forward pass of what `compileForward` made. */
export function forward({ config, batch }: Setting, executable: Executable): Candidate {
  const feeds = networkFeeds(config, batch);
  return {
    name: "forward",
    flops: 2 * multiplyAdds(config.dit) * batch,
    run: async () => {
      const { output } = await executable.run(feeds);
      output!.dispose();
    },
  };
}

/** Whole train steps, as many per call as training hands over by default, the state carried from call to call. */
export async function training({ backend, config, batch, dtype }: Setting): Promise<Candidate> {
  const steps = 20;
  const { inChannels, inputSize } = config.dit;
  const scan = trainStep(config, { batchSize: batch, adamw: adamwDefaults, precision: dtype });
  const state = firstState(config, 0);
  const { fixed } = splitFixed(config, state.params);
  const executable = await backend.compileScan(scan, { constants: prefixed("fixed", fixed) });
  const image = [steps, batch, inChannels, ...inputSize];
  const noise = noiseOf("noise", image);
  const scalars = Array.from({ length: steps }, (_, i) => adamwScalarsAt(i + 1, 1e-4, adamwDefaults));
  const xs: Feeds = {
    "batch.x0": hostTensor("f32", image, noise),
    "batch.noise": hostTensor("f32", image, noise),
    "batch.step": hostTensor(
      "i32",
      [steps, batch],
      uniformInts({ seed: 0, stream: "t", step: 0, sample: 0 }, steps * batch, 1000),
    ),
    "batch.y": hostZeros("i32", [steps, batch]),
    ...stackScalars(scalars.map((row) => ({ ...prefixed("adamw", row), emaDecay: 0.9999 }))),
  };
  let carry = carryOf(config, state, dtype);
  return {
    name: "train step",
    flops: 3 * 2 * multiplyAdds(config.dit) * batch * steps,
    run: async () => {
      const result = await executable.run({ carry, xs });
      carry = result.carry;
      for (const y of Object.values(result.ys)) y.dispose();
    },
  };
}

/** What there is to measure of a model with fresh weights, by what it is called in a flag. */
export const ditCandidates = {
  forward: async (setting: Setting) => forward(setting, await compileForward(setting, freshWeights(setting))),
  train: training,
  sample: (setting: Setting) => sampling(setting, freshWeights(setting)),
};

function freshWeights({ config }: Setting): Weights {
  return initialize(ditSpec(config.dit), 0);
}

/** A run of 50 steps of DDIM with guidance, which takes two forward passes a step; the weights are bound. */
async function sampling({ backend, config, batch }: Setting, weights: Weights): Promise<Candidate> {
  const settings = { sampler: "ddim", steps: 50, guidance: 4 } as const;
  const sampler = await createSampler(config, backend, batch, { ...settings, weights });
  const classes = Array.from({ length: batch }, (_, i) => i);
  return {
    name: "guided sample",
    flops: 2 * multiplyAdds(config.dit) * batch * 2 * settings.steps,
    run: async () => {
      await sampler.run(weights, classes);
    },
  };
}

function noiseOf(stream: string, shape: readonly number[]): Float32Array {
  return normal(
    { seed: 0, stream, step: 0, sample: 0 },
    shape.reduce((a, b) => a * b),
  );
}
