import { createSampler, type Dataset, diffusionDefaults, ditConfig, type ModelConfig, sample, train } from "@dit/core";
import { expect, test } from "vitest";
import { ort } from "../backend";

const config: ModelConfig = {
  dit: ditConfig(undefined, {
    inputSize: [8, 8],
    inChannels: 1,
    hiddenSize: 64,
    depth: 2,
    heads: 2,
    numClasses: 4,
    learnSigma: false,
  }),
  diffusion: { ...diffusionDefaults, prediction: "x0", variance: "fixedLarge", loss: "mse" },
};

/** Blobs: the class says in which corner, the index how wide. */
const blobs: Dataset = {
  imageShape: [1, 8, 8],
  classNames: ["a", "b", "c", "d"],
  size: 64,
  flip: false,
  label: (index) => index % 4,
  read: (index, out, offset) => {
    const [row, column] = [index & 1 ? 2 : 5, index & 2 ? 2 : 5];
    const width = 1.5 + (index % 16) / 8;
    for (let i = 0; i < 64; i++) {
      const distance = ((i >> 3) - row) ** 2 + ((i & 7) - column) ** 2;
      out[offset + i] = 2 * Math.exp(-distance / width ** 2) - 1;
    }
  },
};

test("a trained model draws the same images from integers as from floats: PSNR above 30 dB in int8", async () => {
  const plain = await ort();
  const { model } = await train({
    model: config,
    data: blobs,
    backend: plain,
    steps: 200,
    batchSize: 32,
    learningRate: 3e-3,
    ema: { decay: 0.9 },
  });
  const settings = {
    classes: Array.from({ length: 16 }, (_, i) => i % 4),
    steps: 20,
    guidance: 1.5,
    clip: true,
    seed: 1,
  };
  const expected = (await sample(model, { ...settings, backend: plain })).images.data;
  const decibels: number[] = [];
  for (const weights of ["int8", "int4"] as const) {
    const backend = await ort({ weights });
    const { data } = (await sample(model, { ...settings, backend })).images;
    const meanSquare = data.reduce((sum, v, i) => sum + (v - expected[i]!) ** 2, 0) / data.length;
    decibels.push(10 * Math.log10(2 ** 2 / meanSquare));
    expect(backend.memory().liveTensors).toBe(0);
    await backend.dispose();
  }
  // That they differ shows that something was rounded.
  expect(decibels[0]).toBeGreaterThan(30);
  expect(decibels[0]).toBeLessThan(80);
  expect(decibels[1]).toBeGreaterThan(15);
  expect(decibels[1]).toBeLessThan(decibels[0]!);
  // Half precision is the network's, not the weights'.
  const { data } = (await sample(model, { ...settings, precision: "f16", backend: plain })).images;
  const worst = data.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i]!)), 0);
  expect(worst).toBeGreaterThan(0);
  expect(worst).toBeLessThan(0.1);
  const bound = await createSampler(config, plain, 1, { steps: 2, weights: model.weights });
  await expect(bound.run({ ...model.weights }, [0])).rejects.toThrow("this sampler was compiled for other weights");
  await bound.dispose();
  await plain.dispose();
});
