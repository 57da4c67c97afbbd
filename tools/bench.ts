/**
 * How fast a DiT runs here, against the runtime's own matrix product. Protocol: the roof is one graph of eight chained
 * 1024-cube products with constant weights and a scalar result, on the same backend and threads; roof and model alternate
 * over seven rounds with 200 ms of idle between sessions, because their thread pools disturb each other; the figure is the
 * median of the per-round ratios, void if the roof itself varies by more than 15%.
 *
 *   npm run bench -- [--model DiT-S/2] [--batch 8] [--threads 2] [--rounds 7] [--only forward|train|sample]
 *     [--provider cpu|cuda|webgpu] [--dtype f32|f16]
 */
import { parseArgs } from "node:util";
import { networkGraph, type OrtProvider, ort } from "@dit/backend-ort";
import {
  adamwDefaults,
  castPrecision,
  createSampler,
  diffusionDefaults,
  ditConfig,
  ditSpec,
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
} from "@dit/core";
import { adamwScalarsAt, carryOf, firstState, prefixed, splitFixed, stackScalars, trainStep } from "@dit/core/internal";
import { type Candidate, measure, median, type Row, roofOf } from "./bench/againstRoof";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string", default: "DiT-S/2" },
    batch: { type: "string", default: "8" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "7" },
    only: { type: "string" },
    provider: { type: "string", default: "cpu" },
    dtype: { type: "string", default: "f32" },
  },
});
const [batch, threads, rounds] = [Number(flags.batch), Number(flags.threads), Number(flags.rounds)];
const dtype = flags.dtype as Precision;
const config: ModelConfig = { dit: ditConfig(flags.model), diffusion: diffusionDefaults };

const backend = await ort({ provider: flags.provider as OrtProvider, threads });
const roof = await roofOf(backend);
const rows: Row[] = [];
const setup: Record<string, number> = {};
const candidates = { forward, train: training, sample: sampling };
for (const [what, make] of Object.entries(candidates)) {
  if (flags.only === undefined ? what !== "sample" : flags.only === what)
    rows.push(await measure(await timed(make), roof, rounds));
}
await backend.dispose();

console.table(
  rows.map(({ name, ratio, gflops, roof: top, roofSpread, isVoid }) => ({
    name: `${flags.model} batch ${batch} ${name}`,
    "of the roof": `${(100 * ratio).toFixed(1)}%${isVoid ? " (void)" : ""}`,
    "GFLOP/s": median(gflops).toFixed(1),
    "roof GFLOP/s": median(top).toFixed(1),
    "roof varies by": `${(100 * roofSpread).toFixed(1)}%`,
    "seconds to set up": setup[name]!.toFixed(2),
  })),
);
console.log(JSON.stringify({ model: flags.model, batch, threads, rounds: rows, setupSeconds: setup }));

async function timed(make: () => Promise<Candidate>): Promise<Candidate> {
  const started = performance.now();
  const candidate = await make();
  setup[candidate.name] = (performance.now() - started) / 1000;
  return candidate;
}

/** One forward pass, weights bound as a server would have them. */
async function forward(): Promise<Candidate> {
  const { inChannels, inputSize, numClasses } = config.dit;
  const weights = initialize(ditSpec(config.dit), 0);
  const executable = await backend.compile(castPrecision(networkGraph({ config }, batch), dtype), {
    constants: weights,
  });
  const shape = [batch, inChannels, ...inputSize];
  const feeds: Feeds = {
    x: hostTensor(
      "f32",
      shape,
      normal(
        { seed: 0, stream: "x", step: 0, sample: 0 },
        shape.reduce((a, b) => a * b),
      ),
    ),
    t: hostF32([batch], uniformInts({ seed: 0, stream: "t", step: 0, sample: 0 }, batch, 1000)),
    y: hostTensor("i32", [batch], uniformInts({ seed: 0, stream: "y", step: 0, sample: 0 }, batch, numClasses)),
  };
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
async function training(): Promise<Candidate> {
  const steps = 20;
  const { inChannels, inputSize } = config.dit;
  const scan = trainStep(config, { batchSize: batch, adamw: adamwDefaults, precision: dtype });
  const state = firstState(config, 0);
  const { fixed } = splitFixed(config, state.params);
  const executable = await backend.compileScan(scan, { constants: prefixed("fixed", fixed) });
  const image = [steps, batch, inChannels, ...inputSize];
  const noise = normal(
    { seed: 0, stream: "noise", step: 0, sample: 0 },
    image.reduce((a, b) => a * b),
  );
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

/** A run of 50 steps of DDIM with guidance, which takes two forward passes a step; the weights are bound. */
async function sampling(): Promise<Candidate> {
  const settings = { sampler: "ddim", steps: 50, guidance: 4 } as const;
  const weights = initialize(ditSpec(config.dit), 0);
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
