import { nullLabel } from "../define/dit/config";
import type { ModelConfig } from "../define/model";
import { fillNormal } from "../host/normal";
import { permutation, uniform, uniformInts } from "../host/rng";
import { type HostTensor, hostZeros } from "../ir/hostTensor";
import type { Dataset } from "./dataset";

/** A stack of training batches: x0, noise [K, N, C, I, J], step, y [K, N]. */
export interface Batches {
  readonly x0: HostTensor<"f32">;
  readonly noise: HostTensor<"f32">;
  readonly step: HostTensor<"i32">;
  readonly y: HostTensor<"i32">;
}

/** What a batch source draws from. All draws are functions of (seed, step, sample) alone. */
export interface BatchSource {
  /** Batches of steps `first`, ..., `first + count - 1`. */
  batches(first: number, count: number): Batches;
}

/**
 * Batches for training: images in a new random order each epoch, mirrored at random where the dataset allows it, labels
 * dropped with the model's probability, timesteps uniform, noise standard normal.
 */
export function trainingBatches(data: Dataset, config: ModelConfig, batchSize: number, seed: number): BatchSource {
  let order: { epoch: number; indices: Int32Array } | undefined;
  const indexAt = (position: number): number => {
    const epoch = Math.floor(position / data.size);
    if (order?.epoch !== epoch) {
      order = { epoch, indices: permutation({ seed, stream: "dataOrder", step: epoch, sample: 0 }, data.size) };
    }
    return order.indices[position % data.size]!;
  };
  const { classDropout } = config.dit;
  const coin = (stream: string, step: number, sample: number) => uniform({ seed, stream, step, sample }, 1)[0]!;
  return {
    batches: (first, count) =>
      stack(config, batchSize, first, count, seed, (step, sample, x0, offset) => {
        const index = indexAt(step * batchSize + sample);
        data.read(index, x0, offset);
        if (data.flip && coin("flip", step, sample) < 0.5) mirror(x0, offset, data.imageShape);
        return coin("labelDropout", step, sample) < classDropout ? nullLabel(config.dit) : data.label(index);
      }),
  };
}

/** Batches for measuring: the images in their own order, never mirrored, no label dropped; the same at each visit. */
export function validationBatches(data: Dataset, config: ModelConfig, batchSize: number, seed: number): BatchSource {
  return {
    batches: (first, count) =>
      stack(config, batchSize, first, count, seed, (step, sample, x0, offset) => {
        const index = (step * batchSize + sample) % data.size;
        data.read(index, x0, offset);
        return data.label(index);
      }),
  };
}

type ReadSample = (step: number, sample: number, x0: Float32Array, offset: number) => number;

function stack(config: ModelConfig, n: number, first: number, count: number, seed: number, read: ReadSample): Batches {
  const { inChannels, inputSize } = config.dit;
  const image = inChannels * inputSize[0] * inputSize[1];
  const batches: Batches = {
    x0: hostZeros("f32", [count, n, inChannels, ...inputSize]),
    noise: hostZeros("f32", [count, n, inChannels, ...inputSize]),
    step: hostZeros("i32", [count, n]),
    y: hostZeros("i32", [count, n]),
  };
  for (let i = 0; i < count * n; i++) {
    const [step, sample] = [first + Math.floor(i / n), i % n];
    batches.y.data[i] = read(step, sample, batches.x0.data, i * image);
    batches.step.data[i] = uniformInts({ seed, stream: "timestep", step, sample }, 1, config.diffusion.timesteps)[0]!;
    fillNormal({ seed, stream: "noise", step, sample }, batches.noise.data, i * image, image);
  }
  return batches;
}

function mirror(images: Float32Array, offset: number, [channels, height, width]: Dataset["imageShape"]): void {
  for (let row = 0; row < channels * height; row++) {
    images.subarray(offset + row * width, offset + (row + 1) * width).reverse();
  }
}
