import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ort } from "@dit/backend-ort";
import {
  adamwDefaults,
  type Backend,
  bindParams,
  type Dataset,
  type F32,
  f32,
  hostTensor,
  hostZeros,
  initialize,
  learningRateAt,
  paramTypes,
  permutation,
  readSafetensors,
  type Scan,
  safetensorsPieces,
  traceScan,
  uniformInts,
  valueAndGrad,
  type Weights,
} from "@dit/core";
import {
  adamwScalars,
  adamwScalarsAt,
  concatBytes,
  optimize,
  prefixed,
  stackScalars,
  storedWeights,
  unprefixed,
} from "@dit/core/internal";
import { digitsFeatures, digitsNetwork, digitsSize, digitsSpec } from "@dit/eval-fid";
import { digits } from "../packages/cli/src/data/digits";

// npm run digits-network [-- --epochs 3 --seed 0]
// Trains the network by which models of digits are judged, on the 60,000 digits of MNIST's training set, with this project's
// own graphs, gradients, optimiser and backend; tests it on the 10,000 of the other set, and writes its weights.

const { values } = parseArgs({ options: { epochs: { type: "string" }, seed: { type: "string" } } });
const [epochs, seed] = [Number(values.epochs ?? 3), Number(values.seed ?? 0)];
const [batchSize, stepsPerCall] = [120, 25];
/** Pixels by which a digit is moved at most, which makes more of 60,000. */
const largestShift = 2;
const emaDecay = 0.995;
const rate = { learningRate: 5e-3, warmup: 100, decay: "cosine" } as const;
const area = digitsSize * digitsSize;
const spec = digitsSpec();

/** Mean cross entropy. logits, truth: [N, 10], truth 1 at the class and 0 elsewhere. */
function crossEntropy(logits: F32, truth: F32): F32 {
  const shifted = logits.sub(logits.amax([1], { keepDims: true }).stopGradient());
  const normaliser = shifted.exp().sum([1]).log(); // [N]
  return normaliser.sub(shifted.mul(truth).sum([1])).mean();
}

function trainStep(): Scan {
  const { trained } = paramTypes(spec);
  const carry = { params: trained, m: trained, v: trained, ema: trained };
  const batch = { images: f32([batchSize, 1, digitsSize, digitsSize]), truth: f32([batchSize, 10]) };
  const signature = { constants: {}, carry, xs: { batch, adamw: adamwScalars, emaDecay: f32([]) } };
  return traceScan("train the digits network", signature, ({ carry, xs }) => {
    const { value, gradients } = valueAndGrad(
      (params) => ({
        loss: crossEntropy(digitsNetwork(bindParams(spec, params), xs.batch.images).logits, xs.batch.truth),
      }),
      carry.params,
    );
    const { next } = optimize(carry, gradients, xs, { adamw: adamwDefaults, skipOverflow: false });
    return { carry: next, ys: value };
  });
}

/** `steps` batches from step `first` on, stacked; every epoch in an order of its own. */
function batches(data: Dataset, first: number, steps: number) {
  const images = new Float32Array(steps * batchSize * area);
  const truth = new Float32Array(steps * batchSize * 10);
  const perEpoch = Math.floor(data.size / batchSize);
  for (let k = 0; k < steps; k++) {
    const [step, epoch] = [first + k, Math.floor((first + k) / perEpoch)];
    const order = orderOf(epoch, data.size);
    const shifts = uniformInts({ seed, stream: "shifts", step, sample: 0 }, 2 * batchSize, 2 * largestShift + 1);
    for (let i = 0; i < batchSize; i++) {
      const index = order[(step % perEpoch) * batchSize + i]!;
      const [right, down] = [shifts[2 * i]! - largestShift, shifts[2 * i + 1]! - largestShift];
      images.set(shifted(data, index, right, down), (k * batchSize + i) * area);
      truth[(k * batchSize + i) * 10 + data.label(index)] = 1;
    }
  }
  const rows = Array.from({ length: steps }, (_, k) => {
    const scalars = adamwScalarsAt(first + k + 1, learningRateAt(first + k, epochs * perEpoch, rate), adamwDefaults);
    return { ...prefixed("adamw", scalars), emaDecay };
  });
  return {
    "batch.images": hostTensor("f32", [steps, batchSize, 1, digitsSize, digitsSize], images),
    "batch.truth": hostTensor("f32", [steps, batchSize, 10], truth),
    ...stackScalars(rows),
  };
}

let orderedEpoch = -1;
let lastOrder: Int32Array = new Int32Array();

function orderOf(epoch: number, size: number): Int32Array {
  if (epoch !== orderedEpoch) {
    orderedEpoch = epoch;
    lastOrder = permutation({ seed, stream: "order", step: epoch, sample: 0 }, size);
  }
  return lastOrder;
}

/** A digit moved over black. */
function shifted(data: Dataset, index: number, right: number, down: number): Float32Array {
  const from = new Float32Array(area);
  data.read(index, from, 0);
  const to = new Float32Array(area).fill(-1);
  for (let y = Math.max(0, down); y < Math.min(digitsSize, digitsSize + down); y++) {
    for (let x = Math.max(0, right); x < Math.min(digitsSize, digitsSize + right); x++) {
      to[y * digitsSize + x] = from[(y - down) * digitsSize + x - right]!;
    }
  }
  return to;
}

async function trained(backend: Backend, data: Dataset): Promise<Weights> {
  const first = initialize(spec, seed);
  const zeros = Object.fromEntries(Object.entries(first).map(([name, { shape }]) => [name, hostZeros("f32", shape)]));
  const executable = await backend.compileScan(trainStep());
  const steps = epochs * Math.floor(data.size / batchSize);
  let carry = {
    ...prefixed("params", first),
    ...prefixed("m", zeros),
    ...prefixed("v", zeros),
    ...prefixed("ema", first),
  };
  for (let step = 0; step < steps; step += stepsPerCall) {
    const count = Math.min(stepsPerCall, steps - step);
    const result = await executable.run({ carry, xs: batches(data, step, count) });
    carry = result.carry as never;
    const { data: losses } = await result.ys.loss!.read();
    result.ys.loss!.dispose();
    const mean = Array.from(losses as Float32Array).reduce((sum, x) => sum + x, 0) / count;
    console.log(`step ${step + count} of ${steps}, loss ${mean.toFixed(4)}`);
  }
  const ema = Object.entries(unprefixed("ema", carry as never) as Record<string, { read(): Promise<unknown> }>);
  return Object.fromEntries(await Promise.all(ema.map(async ([name, tensor]) => [name, await tensor.read()])));
}

/** Share of digits that are taken for what they are. */
async function accuracy(backend: Backend, file: Uint8Array, data: Dataset): Promise<number> {
  const { graph, weights, batch } = await digitsFeatures(readSafetensors(file));
  const executable = await backend.compile(graph(batch), { constants: weights });
  let right = 0;
  for (let first = 0; first < data.size; first += batch) {
    const images = new Float32Array(batch * 3 * area);
    for (let i = 0; i < batch; i++) data.read(first + i, images, i * 3 * area);
    const feed = hostTensor("f32", [batch, 3, digitsSize, digitsSize], images);
    const { logits } = await executable.run({ images: feed });
    const { data: scores } = await logits!.read();
    for (let i = 0; i < batch; i++) {
      const own = Array.from((scores as Float32Array).subarray(i * 10, (i + 1) * 10));
      if (own.indexOf(Math.max(...own)) === data.label(first + i)) right++;
    }
  }
  return right / data.size;
}

const started = performance.now();
const backend = await ort();
const card = (tested: string) => ({
  "dit.network": "digits",
  "dit.card": `Classifier of handwritten digits with 64 features, for judging models of digits. Trained by this project on the training set of MNIST (Y. LeCun, C. Cortes, C. J. C. Burges), ${epochs} epochs, seed ${seed}, digits moved by up to ${largestShift} pixels. ${tested} Of anything but 28 x 28 digits, white on black, its features say nothing. MIT.`,
});
const weights = await trained(backend, await digits());
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
const stored = (tested: string) => concatBytes([...safetensorsPieces(storedWeights(weights, "F16"), card(tested))]);
const share = await accuracy(backend, stored(""), await digits({ split: "test" }));
const tested = `It takes ${(100 * share).toFixed(2)}% of the 10,000 test digits for what they are.`;
const folder = fileURLToPath(new URL("../packages/eval-fid/weights/", import.meta.url));
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}digits.safetensors`, stored(tested));
console.log(`${tested} Trained in ${minutes} minutes; written to packages/eval-fid/weights/digits.safetensors`);
await backend.dispose();
