import { describe, expect, test } from "vitest";
import { process } from "../define/diffusion/process";
import { ditSpec } from "../define/dit/dit";
import { flowDefaults } from "../define/flow/config";
import { initialize } from "../define/initialize";
import { ConfigError } from "../ir/errors";
import { hostF32 } from "../ir/hostTensor";
import { bitsPerDim } from "./bitsPerDim";
import { reference } from "./reference/reference";
import { toyModel } from "./toyModel";

const model = { config: toyModel, weights: initialize(ditSpec(toyModel.dit), 0) };
const images = hostF32(
  [2, 1, 4, 4],
  Array.from({ length: 32 }, (_, i) => Math.sin(i)),
);

async function measure(changes: Partial<Parameters<typeof bitsPerDim>[3]> = {}, of = model) {
  const backend = reference();
  const bits = await bitsPerDim(of, images, backend, { classes: [0, 2], steps: 8, ...changes });
  expect(backend.memory().liveTensors).toBe(0);
  return bits;
}

describe("bits per dimension", () => {
  test("are the end of the chain and all of its steps", async () => {
    const { total, prior, perStep } = await measure();
    expect(perStep).toHaveLength(8);
    total.forEach((bits, i) => {
      expect(bits).toBeCloseTo(
        perStep.reduce((sum, step) => sum + step[i]!, prior[i]!),
        4,
      );
    });
    expect(perStep.flatMap((step) => [...step]).every(Number.isFinite)).toBe(true);
  });

  test("of the prior are the divergence of two Gaussians", async () => {
    const { prior } = await measure();
    const a = process("linear", 1000, "8").alphasCumprod.at(-1)!;
    [0, 1].forEach((n) => {
      const squares = Array.from(images.data.slice(16 * n, 16 * n + 16), (x) => a * x * x);
      const mean = squares.reduce((sum, x) => sum + x) / 16;
      expect(prior[n]!).toBeCloseTo((0.5 * (mean - a - Math.log1p(-a))) / Math.LN2, 6);
    });
  });

  test("follow from their seed", async () => {
    expect(await measure({ seed: 3 })).toEqual(await measure({ seed: 3 }));
    expect((await measure({ seed: 4 })).total).not.toEqual((await measure({ seed: 3 })).total);
  });

  test("are not known of a flow, nor of images that the model does not take", async () => {
    const flow = { ...model, config: { ...toyModel, diffusion: flowDefaults } };
    await expect(measure({}, flow as never)).rejects.toThrow(ConfigError);
    await expect(measure({ classes: [0] })).rejects.toThrow("images are [2,1,4,4]");
  });
});
