import { describe, expect, test } from "vitest";
import { constant, constantF32 } from "../../ir/create";
import { hostI32 } from "../../ir/hostTensor";
import { compute } from "../../run/reference/compute";
import { type DiffusionConfig, diffusionDefaults } from "./config";
import { losses } from "./loss";
import type { PredictionType } from "./prediction";
import { process } from "./process";
import { lossWeights } from "./weighting";

const chain = process("linear", 1000);
const snrAt = (i: number) => chain.alphasCumprod[i]! / (1 - chain.alphasCumprod[i]!);
const steps = [0, 50, 200, 500, 999];

describe("weights of the squared error", () => {
  // As the papers write them, prediction by prediction.
  test.each<[PredictionType, (snr: number) => number]>([
    ["eps", (snr) => Math.min(snr, 5) / snr],
    ["x0", (snr) => Math.min(snr, 5)],
    ["v", (snr) => Math.min(snr, 5) / (snr + 1)],
  ])("are those of min-SNR for %s", (type, formula) => {
    const weights = lossWeights(chain, "minSnr", type);
    for (const i of steps) expect(weights[i]! / formula(snrAt(i))).toBeCloseTo(1, 10);
  });

  test("are those of P2, 1 / (1 + snr) on the noise", () => {
    const weights = lossWeights(chain, "p2", "eps");
    for (const i of steps) expect(weights[i]! * (1 + snrAt(i))).toBeCloseTo(1, 10);
  });

  test.each(["minSnr", "p2"] as const)(
    "of %s make the same of a wrong image, however it was predicted",
    (weighting) => {
      for (const i of steps) {
        const a = chain.alphasCumprod[i]!;
        // An image off by 1 is a noise off by sqrt(a / (1 - a)), and a velocity off by 1 / sqrt(1 - a).
        const errors = { x0: 1, eps: a / (1 - a), v: 1 / (1 - a) };
        const [x0, eps, v] = (["x0", "eps", "v"] as const).map(
          (type) => lossWeights(chain, weighting, type)[i]! * errors[type],
        );
        expect(eps! / x0!).toBeCloseTo(1, 9);
        expect(v! / x0!).toBeCloseTo(1, 9);
      }
    },
  );
});

test("the loss is weighted, its metric and the variance's term are not", () => {
  const image = constantF32([2, 1, 2, 1], [0.5, -1, 0.25, 1]);
  const noise = constantF32([2, 1, 2, 1], [1, 0, -1, 2]);
  const output = constantF32([2, 2, 2, 1], [0.1, 0.2, 0, 0, 0.3, -0.4, 0, 0]);
  const step = constant(hostI32([2], [3, 700]));
  const of = (change: Partial<DiffusionConfig>) => {
    const each = losses(chain, { ...diffusionDefaults, ...change }, output, image, { x0: image, noise, step });
    return compute([each.loss, each.mse!, each.vb!]);
  };
  const [plain, weighted] = [of({}), of({ weighting: "p2" })];
  expect(weighted[1]).toEqual(plain[1]);
  expect(weighted[2]).toEqual(plain[2]);
  [3, 700].forEach((t, n) => {
    expect(weighted[0]![n]! - weighted[2]![n]!).toBeCloseTo(plain[1]![n]! / (1 + snrAt(t)), 6);
  });
});
