/**
 * How fast a DiT runs on TensorFlow.js, against the same network written by hand in plain tfjs with its own autograd and
 * optimiser, and against the device's own matrix product: eight chained 1024-cube products with constant weights. The three
 * alternate over the rounds; figures are medians of the per-round ratios, void if the products' rate varies by over 15%.
 *
 *   npm run bench:tfjs -- [--device wasm] [--model DiT-S/4] [--batch 4] [--rounds 7] [--only forward|train]
 *   npm run bench:tfjs -- --software    webgpu on the SwiftShader of an installed Chromium, with a model that it bears
 */
import { parseArgs } from "node:util";
import { networkGraph } from "@dit/backend-ort";
import { type TfjsDevice, tfjs } from "@dit/backend-tfjs";
import * as core from "@dit/core";
import { adamwScalarsAt, carryOf, firstState, prefixed, splitFixed, stackScalars, trainStep } from "@dit/core/internal";
import { useSwiftShader } from "@dit/testkit";
import * as tf from "@tensorflow/tfjs";
import { chosen } from "./bench/chosen";
import { PlainTfjsDit } from "./bench/plainTfjsDit";

const { values: flags } = parseArgs({
  options: {
    device: { type: "string", default: "wasm" },
    software: { type: "boolean", default: false },
    model: { type: "string", default: "DiT-S/4" },
    batch: { type: "string", default: "4" },
    rounds: { type: "string", default: "7" },
    only: { type: "string" },
  },
});
const [batch, rounds] = [Number(flags.batch), Number(flags.rounds)];
const device = flags.software ? "webgpu" : (flags.device as TfjsDevice);
const problem = flags.software ? useSwiftShader() : undefined;
if (problem !== undefined) throw new Error(problem);
const small = { inputSize: [8, 8], patchSize: 2, hiddenSize: 64, depth: 2, heads: 4 } as const;
const dit = flags.software
  ? core.ditConfig(undefined, { ...small, learnSigma: false })
  : core.ditConfig(flags.model, { learnSigma: false });
const modelName = flags.software ? "2 blocks of width 64" : flags.model;
const diffusion = { ...core.diffusionDefaults, loss: "mse", variance: "fixedLarge" } as const;
const model: core.ModelConfig = { dit, diffusion };
const image = [batch, dit.inChannels, ...dit.inputSize];
const draw = (stream: string, shape: readonly number[]) =>
  core.normal(
    { seed: 0, stream, step: 0, sample: 0 },
    shape.reduce((a, b) => a * b),
  );
const timesteps = core.uniformInts({ seed: 0, stream: "t", step: 0, sample: 0 }, batch, 1000);
const labels = core.uniformInts({ seed: 0, stream: "y", step: 0, sample: 0 }, batch, dit.numClasses);
const flops = 2 * core.multiplyAdds(dit) * batch;

/** Something to time: a call ends when its result is on the host. */
interface Candidate {
  readonly flops: number;
  run(): Promise<unknown>;
}

const candidates = {
  forward: async () => compared("forward", await ourForward(), plainForward()),
  train: async () => compared("train step", await ourTraining(), plainTraining()),
};
const makes = flags.only === undefined ? Object.values(candidates) : [chosen("only", flags.only, candidates)];
const backend = await tfjs({ device });
await tf.setBackend(device);
const roof = await products();
const rows: Record<string, unknown>[] = [];
for (const make of makes) rows.push(await make());
console.table(rows);
await backend.dispose();

async function compared(name: string, ours: Candidate, plain: Candidate) {
  for (const each of [ours, plain, roof]) await each.run();
  const rates = { roof: [] as number[], ours: [] as number[], plain: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    rates.roof.push(await rate(roof));
    rates.ours.push(await rate(ours));
    rates.plain.push(await rate(plain));
  }
  const spread = (Math.max(...rates.roof) - Math.min(...rates.roof)) / median(rates.roof);
  const ratio = (to: readonly number[]) => median(rates.ours.map((x, i) => x / to[i]!)).toFixed(2);
  return {
    what: `${modelName} batch ${batch} ${name}, ${backend.name}`,
    "GFLOP/s": median(rates.ours).toFixed(1),
    "plain tfjs GFLOP/s": median(rates.plain).toFixed(1),
    "times plain tfjs": ratio(rates.plain),
    "of its products": ratio(rates.roof),
    "products GFLOP/s": rates.roof.map((x) => x.toFixed(1)).join(" "),
    void: spread > 0.15,
  };
}

/** GFLOP/s over at least half a second, in the processor's time where one thread does all the work. */
async function rate({ run, flops: perCall }: Candidate): Promise<number> {
  const clock = () => (device === "wasm" || device === "cpu" ? process.cpuUsage().user / 1000 : performance.now());
  const started = clock();
  let calls = 0;
  do {
    await run();
    calls++;
  } while (clock() - started < 500);
  return (calls * perCall) / (clock() - started) / 1e6;
}

async function products(): Promise<Candidate> {
  const size = flags.software ? 128 : 1024;
  const graph = core.trace("products", { x: core.f32([size, size]) }, ({ x }) => {
    let y = x;
    for (let i = 0; i < 8; i++) y = y.matmul(core.constantF32([size, size], draw("roof", [size, size])));
    return { sum: y.sum() };
  });
  const executable = await backend.compile(graph);
  const x = await backend.upload(core.hostF32([size, size], draw("x", [size, size])));
  return { flops: 16 * size ** 3, run: async () => read((await executable.run({ x })).sum!) };
}

async function ourForward(): Promise<Candidate> {
  const executable = await backend.compile(networkGraph({ config: model }, batch), {
    constants: core.initialize(core.ditSpec(dit), 0),
  });
  const feeds = {
    x: core.hostF32(image, draw("x", image)),
    t: core.hostF32([batch], timesteps),
    y: core.hostI32([batch], labels),
  };
  return { flops, run: async () => read((await executable.run(feeds)).output!) };
}

function plainForward(): Candidate {
  const plain = new PlainTfjsDit(dit);
  const [x, , t, y] = plainBatch();
  return {
    flops,
    run: async () => {
      const out = plain.forward(x, t, y);
      await out.data();
      out.dispose();
    },
  };
}

/** Five steps to a call, whose losses are read when they are done. */
async function ourTraining(): Promise<Candidate> {
  const steps = 5;
  const scan = trainStep(model, { batchSize: batch, adamw: core.adamwDefaults });
  const state = firstState(model, 0);
  const executable = await backend.compileScan(scan, {
    constants: prefixed("fixed", splitFixed(model, state.params).fixed),
  });
  const repeated = (values: ArrayLike<number>) => Array.from({ length: steps }, () => Array.from(values)).flat();
  const scalars = Array.from({ length: steps }, (_, i) => adamwScalarsAt(i + 1, 1e-4, core.adamwDefaults));
  const xs: core.Feeds = {
    "batch.x0": core.hostF32([steps, ...image], repeated(draw("x", image))),
    "batch.noise": core.hostF32([steps, ...image], repeated(draw("noise", image))),
    "batch.step": core.hostI32([steps, batch], repeated(timesteps)),
    "batch.y": core.hostI32([steps, batch], repeated(labels)),
    ...stackScalars(scalars.map((row) => ({ ...prefixed("adamw", row), emaDecay: 0.9999 }))),
  };
  let carry = carryOf(model, state);
  return {
    flops: 3 * flops * steps,
    run: async () => {
      const result = await executable.run({ carry, xs });
      carry = result.carry;
      for (const y of Object.values(result.ys)) await read(y);
    },
  };
}

function plainTraining(): Candidate {
  const plain = new PlainTfjsDit(dit);
  const [x, noise, t, y] = plainBatch();
  plain.forward(x, t, y).dispose();
  return {
    flops: 3 * flops,
    run: async () => {
      const loss = plain.trainStep(x, noise, t, y);
      await loss.data();
      loss.dispose();
    },
  };
}

function plainBatch() {
  const shape = image as [number, number, number, number];
  return [
    tf.tensor4d(draw("x", image), shape),
    tf.tensor4d(draw("noise", image), shape),
    tf.tensor1d(Float32Array.from(timesteps)),
    tf.tensor1d(Int32Array.from(labels), "int32"),
  ] as const;
}

async function read(tensor: core.DeviceTensor): Promise<void> {
  await tensor.read();
  tensor.dispose();
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
