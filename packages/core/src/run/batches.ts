import { timeSamplings } from "../define/diffusion/timeSampling";
import { nullLabel } from "../define/dit/config";
import { trainingRange } from "../define/flow/config";
import { flowPoints } from "../define/flow/loss";
import type { ModelConfig } from "../define/model";
import type { ObjectiveConfig } from "../define/objective";
import { fillNormal } from "../host/normal";
import { permutation, type StreamKey, uniform } from "../host/rng";
import { type HostTensor, hostF32, hostI32, hostZeros } from "../ir/hostTensor";
import type { Shape } from "../ir/shape";
import type { Dataset } from "./dataset";

/** A stack of training batches: x0, noise [K, N, C, I, J], y [K, N], and when on the way from one to the other. */
export interface Batches extends Readonly<Record<string, HostTensor>> {
  readonly x0: HostTensor<"f32">;
  readonly noise: HostTensor<"f32">;
  readonly y: HostTensor<"i32">;
}

/** What a batch source draws from. All draws are functions of (seed, step, sample) alone. */
export interface BatchSource {
  /** Batches of steps `first`, ..., `first + count - 1`. */
  batches(first: number, count: number): Batches;
}

/** Writes the image of a place in training into `out`, and says which it was. */
export type ImageVisitor = (step: number, sample: number, out: Float32Array, offset: number) => number;

/** Images in a new random order each epoch, mirrored at random where the dataset allows it. */
export function trainingImages(data: Dataset, batchSize: number, seed: number): ImageVisitor {
  let order: { epoch: number; indices: Int32Array } | undefined;
  const indexAt = (position: number): number => {
    const epoch = Math.floor(position / data.size);
    if (order?.epoch !== epoch) {
      order = { epoch, indices: permutation({ seed, stream: "dataOrder", step: epoch, sample: 0 }, data.size) };
    }
    return order.indices[position % data.size]!;
  };
  return (step, sample, out, offset) => {
    const index = indexAt(step * batchSize + sample);
    const isMirrored = data.flip && uniform({ seed, stream: "flip", step, sample }, 1)[0]! < 0.5;
    visit(data, index, isMirrored, { seed, step, sample }, out, offset);
    return index;
  };
}

/**
 * Batches for training: images as `trainingImages` gives them, labels dropped with the model's probability, steps or times
 * from the objective's distribution, noise standard normal.
 */
export function trainingBatches(data: Dataset, config: ModelConfig, batchSize: number, seed: number): BatchSource {
  const visitImage = trainingImages(data, batchSize, seed);
  const { classDropout } = config.dit;
  return {
    batches: (first, count) =>
      stack(config, batchSize, first, count, seed, (step, sample, x0, offset) => {
        const index = visitImage(step, sample, x0, offset);
        const coin = uniform({ seed, stream: "labelDropout", step, sample }, 1)[0]!;
        return coin < classDropout ? nullLabel(config.dit) : data.label(index);
      }),
  };
}

/** Batches for measuring: the images in their own order, never mirrored, no label dropped; the same at each visit. */
export function validationBatches(data: Dataset, config: ModelConfig, batchSize: number, seed: number): BatchSource {
  return {
    batches: (first, count) =>
      stack(config, batchSize, first, count, seed, (step, sample, x0, offset) => {
        const index = (step * batchSize + sample) % data.size;
        visit(data, index, false, { seed, step, sample }, x0, offset);
        return data.label(index);
      }),
  };
}

type ReadSample = (step: number, sample: number, x0: Float32Array, offset: number) => number;

function stack(config: ModelConfig, n: number, first: number, count: number, seed: number, read: ReadSample): Batches {
  const { inChannels, inputSize } = config.dit;
  const image = inChannels * inputSize[0] * inputSize[1];
  const x0 = hostZeros("f32", [count, n, inChannels, ...inputSize]);
  const noise = hostZeros("f32", [count, n, inChannels, ...inputSize]);
  const y = hostZeros("i32", [count, n]);
  const keys: StreamKey[] = [];
  for (let i = 0; i < count * n; i++) {
    const [step, sample] = [first + Math.floor(i / n), i % n];
    y.data[i] = read(step, sample, x0.data, i * image);
    fillNormal({ seed, stream: "noise", step, sample }, noise.data, i * image, image);
    keys.push({ seed, stream: "timestep", step, sample });
  }
  return { x0, noise, ...moments(config.diffusion, [count, n], keys), y };
}

/** When each sample is looked at, drawn from its key: its step of the chain, or the numbers of its point on the path. */
function moments(objective: ObjectiveConfig, shape: Shape, keys: readonly StreamKey[]): Record<string, HostTensor> {
  const sampling = timeSamplings[objective.timeSampling];
  switch (objective.kind) {
    case "diffusion": {
      const steps = keys.map((key) => sampling.step(key, objective.timesteps));
      return { step: hostI32(shape, steps) };
    }
    case "flow": {
      const { from, to } = trainingRange(objective);
      // The coefficients are those of the time that the network is told, which is a float32.
      const times = keys.map((key) => Math.fround(from + (to - from) * sampling.time(key)));
      const columns = Object.entries(flowPoints(objective, times));
      return Object.fromEntries(columns.map(([name, column]) => [`point.${name}`, hostF32(shape, column)]));
    }
    default:
      return objective satisfies never;
  }
}

/** Image `index` as training sees it: read, or drawn where there are many of it. */
function visit(
  data: Dataset,
  index: number,
  isMirrored: boolean,
  key: Omit<StreamKey, "stream">,
  x0: Float32Array,
  offset: number,
): void {
  if (data.draw !== undefined) {
    data.draw(index, isMirrored, key, x0, offset);
    return;
  }
  data.read(index, x0, offset);
  if (isMirrored) mirror(x0, offset, data.imageShape);
}

function mirror(images: Float32Array, offset: number, [channels, height, width]: Dataset["imageShape"]): void {
  for (let row = 0; row < channels * height; row++) {
    images.subarray(offset + row * width, offset + (row + 1) * width).reverse();
  }
}
