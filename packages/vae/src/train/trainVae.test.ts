import {
  type Dataset,
  f32,
  hostF32,
  initialize,
  normal,
  paramTypes,
  reference,
  trace,
  valueAndGrad,
  type Weights,
} from "@dit/core";
import { prefixed } from "@dit/core/internal";
import { describe, expect, test } from "vitest";
import { klConfig } from "../config/klConfig";
import { vaeSpec } from "../vae";
import { klDivergence, type VaeObjective, vaeLosses } from "./loss";
import { trainVae } from "./trainVae";

const backend = reference();
const config = klConfig({
  inChannels: 1,
  outChannels: 1,
  blockOutChannels: [4, 8],
  layersPerBlock: 1,
  normNumGroups: 2,
  latentChannels: 2,
});
const spec = vaeSpec(config);

/** Stripes of several widths. */
const data: Dataset = {
  imageShape: [1, 8, 8],
  classNames: ["stripes"],
  size: 12,
  flip: true,
  label: () => 0,
  read: (index, out, at) => {
    for (let i = 0; i < 64; i++) out[at + i] = Math.sin((i % 8) * (1 + index / 6) + Math.floor(i / 8) * (index % 3));
  },
};

test("the divergence is that of Gaussians: 0 for the standard normal, mean^2 / 2 where only the mean is off", async () => {
  const signature = { mean: f32([2, 1, 1, 2]), logVariance: f32([2, 1, 1, 2]) };
  const graph = trace("kl", signature, ({ mean, logVariance }) => ({
    kl: klDivergence({ mean, logVariance, std: logVariance }),
  }));
  const executable = await backend.compile(graph);
  const kl = async (mean: number[], logVariance: number[]) => {
    const shape = [2, 1, 1, 2];
    const outputs = await executable.run({ mean: hostF32(shape, mean), logVariance: hostF32(shape, logVariance) });
    return (await outputs.kl!.read()).data[0]!;
  };
  expect(await kl([0, 0, 0, 0], [0, 0, 0, 0])).toBe(0);
  expect(await kl([2, 0, 0, 1], [0, 0, 0, 0])).toBeCloseTo((2 + 0.5) / 2, 6);
  expect(await kl([0, 0, 0, 0], [Math.log(3), 0, 0, 0])).toBeCloseTo((3 - 1 - Math.log(3)) / 4, 6);
});

describe("the loss", () => {
  const objective: VaeObjective = {
    reconstruction: "l2",
    klWeight: 0.1,
    perceptual: (a, b) => a.sub(b).sum([2, 3]).square().mean(),
  };
  const [images, noise] = [
    [2, 1, 8, 8],
    [2, 2, 4, 4],
  ].map((shape, sample) => {
    const size = shape.reduce((product, n) => product * n, 1);
    return hostF32(shape, normal({ seed: 1, stream: "test", step: 0, sample }, size));
  });
  const signature = { params: paramTypes(spec).all, images: f32([2, 1, 8, 8]), noise: f32([2, 2, 4, 4]) };
  const graph = trace("loss", signature, ({ params, images, noise }) => {
    const { value, gradients } = valueAndGrad((p) => vaeLosses(p, images, noise, config, objective), params);
    return { loss: value.loss, gradients };
  });

  test("has the gradients of central differences, from the first layer to the last", async () => {
    const executable = await backend.compile(graph);
    const weights = initialize(spec, 2);
    const run = async (weights: Weights) =>
      executable.run({ ...prefixed("params", weights), images: images!, noise: noise! });
    const float64 = (tensor: unknown) => (tensor as { float64: Float64Array }).float64;
    const outputs = await run(weights);
    const step = 2 ** -10;
    for (const name of [
      "encoder.conv_in.weight",

      "encoder.mid_block.attentions.0.to_k.weight",
      "quant_conv.bias",
      "decoder.up_blocks.0.upsamplers.0.conv.weight",
      "decoder.up_blocks.1.resnets.0.norm1.weight",
      "decoder.conv_out.weight",
    ]) {
      const value = weights[name]!;
      const at = Math.floor(value.data.length / 2);
      const moved = async (by: number) => {
        const data = value.data.map((x, i) => (i === at ? x + by : x));
        return { loss: float64((await run({ ...weights, [name]: { ...value, data } })).loss)[0]!, x: data[at]! };
      };
      const [above, below] = [await moved(step), await moved(-step)];
      const slope = (above.loss - below.loss) / (above.x - below.x);
      const gradient = float64(outputs[`gradients.${name}`])[at]!;
      expect(Math.abs(gradient - slope), `${name}: ${gradient} and ${slope}`).toBeLessThan(
        1e-4 * Math.max(1, Math.abs(slope)),
      );
    }
  });
});

describe("training", () => {
  const train = async (stepsPerCall: number) => {
    const losses: number[] = [];
    const { vae } = await trainVae({
      ...{ config, data: { ...data, size: 2 }, backend, steps: 10, batchSize: 2, stepsPerCall, learningRate: 2e-2 },
      onMetrics: ({ loss }) => losses.push(loss),
    });
    return { losses, vae };
  };

  test("lowers the loss, and is the same in calls of any length", async () => {
    const [one, five] = [await train(1), await train(5)];
    expect(five.losses).toEqual(one.losses);
    expect(five.vae.weights["decoder.conv_out.weight"]!.data).toEqual(one.vae.weights["decoder.conv_out.weight"]!.data);
    const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
    expect(mean(one.losses.slice(-3))).toBeLessThan(0.7 * mean(one.losses.slice(0, 3)));
  });

  test("refuses images that cannot be halved, or are of other channels", async () => {
    const options = { config, backend, steps: 1 };
    await expect(trainVae({ ...options, data: { ...data, imageShape: [1, 7, 8] } })).rejects.toThrow(
      "cannot be halved 1 times",
    );
    await expect(trainVae({ ...options, data: { ...data, imageShape: [3, 8, 8] } })).rejects.toThrow(
      "takes 1 and gives 1",
    );
  });
});
