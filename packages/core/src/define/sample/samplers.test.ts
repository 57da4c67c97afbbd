import { describe, expect, test } from "vitest";
import type { PredictionType } from "../diffusion/prediction";
import { process } from "../diffusion/process";
import type { VarianceType } from "../diffusion/variance";
import { ddim, ddimReverse } from "./ddim";
import { ddpm } from "./ddpm";
import { clean } from "./level";
import { flow, follow, posteriorOf, type Toy, trueVariance } from "./linearGaussian";
import type { MakeSampler } from "./samplers";
import { levelsOf } from "./spacing";

const toy: Toy = { mean: 0.7, std: 0.4 };
const chainOf = (steps: number) => process("linear", 1000, String(steps));
const levelsIn = (steps: number) => levelsOf(chainOf(steps));
const config = (prediction: PredictionType, variance: VarianceType = "fixedSmall") => ({ prediction, variance });

describe("ddim", () => {
  test("without noise comes to the exact flow at first order: twice the steps, half the error", () => {
    const errors = [50, 100, 200, 400].map((steps) => {
      const levels = levelsIn(steps);
      return Math.abs(follow(ddim(levels, config("eps")), levels, toy).slope - flow(toy, levels[0]!, clean).slope);
    });
    expect(errors[0]).toBeLessThan(0.03);
    for (let i = 1; i < errors.length; i++) {
      expect(errors[i - 1]! / errors[i]!).toBeGreaterThan(1.85);
      expect(errors[i - 1]! / errors[i]!).toBeLessThan(2.15);
    }
  });

  test("is exact in any number of steps when the data is one point", () => {
    const levels = levelsIn(10);
    const { slope, offset } = follow(ddim(levels, config("eps")), levels, { mean: 0.7, std: 0 });
    expect(slope).toBeCloseTo(0, 12);
    expect(offset).toBeCloseTo(0.7, 12);
  });

  test("with eta 1 is ddpm with the small variance", () => {
    const levels = levelsIn(50);
    const noisy = follow(ddim(levels, config("eps"), { eta: 1 }), levels, toy);
    const ancestral = follow(ddpm(levels, config("eps")), levels, toy);
    expect(noisy.offset).toBeCloseTo(ancestral.offset, 10);
    expect(noisy.std).toBeCloseTo(ancestral.std, 10);
  });

  test("turned round ends at noise, and what it made comes back", () => {
    const levels = levelsIn(1000);
    const up = follow(ddimReverse(levels, config("eps")), levels, toy);
    expect(up.slope * toy.std).toBeCloseTo(1, 1);
    expect(up.slope * toy.mean + up.offset).toBeCloseTo(0, 2);
    const down = follow(ddim(levels, config("eps")), levels, toy);
    expect(down.slope * up.slope).toBeCloseTo(1, 1);
  });

  test("ignores a learned variance", () => {
    expect(ddim(levelsIn(10), config("eps", "learnedRange"), { eta: 1 }).learnedVariance).toBe(false);
  });
});

describe("ddpm", () => {
  test("has the posterior of the chain's own constants", () => {
    const chain = chainOf(50);
    const { rows } = ddpm(levelsOf(chain), config("eps", "learnedRange"));
    rows.forEach((row, n) => {
      const i = chain.steps - 1 - n;
      const near = (seen: number, constant: number) => expect(Math.abs(seen / constant - 1)).toBeLessThan(1e-11);
      near(row.fromD, chain.posteriorMeanCoef1[i]!);
      if (i > 0) near(row.fromX, chain.posteriorMeanCoef2[i]!);
      near(row.x0FromX, chain.sqrtRecipAlphasCumprod[i]!);
      near(row.x0FromOutput, -chain.sqrtRecipm1AlphasCumprod[i]!);
      near(row.logVarianceLow, chain.posteriorLogVarianceClipped[i]!);
      near(row.logVarianceHigh, Math.log(chain.betas[i]!));
    });
  });

  test.each(["fixedSmall", "fixedLarge"] as const)("with %s comes to the data's mean and deviation", (variance) => {
    const levels = levelsIn(1000);
    const { offset, std } = follow(ddpm(levels, config("eps", variance)), levels, toy);
    expect(offset).toBeCloseTo(toy.mean, 4);
    expect(Math.abs(std - toy.std)).toBeLessThan(0.005);
  });

  test("with the small variance draws too little, with the large one too much, and less so with more steps", () => {
    const stdOf = (steps: number, variance: VarianceType) =>
      follow(ddpm(levelsIn(steps), config("eps", variance)), levelsIn(steps), toy).std;
    expect(stdOf(50, "fixedSmall")).toBeLessThan(stdOf(500, "fixedSmall"));
    expect(stdOf(500, "fixedSmall")).toBeLessThan(toy.std);
    expect(stdOf(50, "fixedLarge")).toBeGreaterThan(stdOf(500, "fixedLarge"));
    expect(stdOf(500, "fixedLarge")).toBeGreaterThan(toy.std);
  });

  test("with the small variance is exact when the data is one point, with the large one when it is standard normal", () => {
    const levels = levelsIn(10);
    const point = follow(ddpm(levels, config("eps")), levels, { mean: 0.7, std: 0 });
    expect(point.offset).toBeCloseTo(0.7, 8);
    expect(point.std).toBeCloseTo(0, 8);
    const normal = follow(ddpm(levels, config("eps", "fixedLarge")), levels, { mean: 0, std: 1 });
    // The last step adds no noise, so the result lacks what x_0 does not tell of the image.
    expect(normal.std ** 2).toBeCloseTo(levels.at(-2)!.alpha ** 2, 10);
  });

  test("with a perfect learned variance is exact in any number of steps", () => {
    for (const steps of [5, 50]) {
      const levels = levelsIn(steps);
      const table = ddpm(levels, config("eps", "learnedRange"));
      expect(table.learnedVariance).toBe(true);
      const { std } = follow(table, levels, toy);
      expect(std ** 2 + posteriorOf(toy, levels.at(-2)!).variance).toBeCloseTo(toy.std ** 2, 4);
    }
  });

  test("the learned variance's range holds the true variance of any data narrower than the noise", () => {
    const levels = levelsIn(50);
    const { rows } = ddpm(levels, config("eps", "learnedRange"));
    rows.slice(0, -1).forEach(({ logVarianceLow, logVarianceHigh }, i) => {
      const exact = Math.log(trueVariance(levels[i]!, levels[i + 1]!, toy));
      expect(exact).toBeGreaterThan(logVarianceLow - 1e-9);
      expect(exact).toBeLessThan(logVarianceHigh + 1e-9);
    });
  });
});

describe.each<[string, MakeSampler]>([
  ["ddpm", ddpm],
  ["ddim", ddim],
])("%s", (_, sampler) => {
  test("does the same for every prediction type", () => {
    const levels = levelsIn(25);
    const results = (["eps", "x0", "v"] as const).map((type) =>
      follow(sampler(levels, config(type)), levels, toy, type),
    );
    for (const { slope, offset, std } of results) {
      expect(slope).toBeCloseTo(results[0]!.slope, 9);
      expect(offset).toBeCloseTo(results[0]!.offset, 9);
      expect(std).toBeCloseTo(results[0]!.std, 9);
    }
  });

  test("goes from the noisiest timestep to 0, and adds no noise at the end", () => {
    const levels = levelsIn(25);
    const { rows } = sampler(levels, config("eps"), { eta: 1 });
    expect(rows.map(({ timestep }) => timestep)).toEqual([...chainOf(25).timesteps].reverse());
    expect(rows.at(-1)!.std).toBe(0);
    expect(rows.slice(0, -1).every(({ std }) => std > 0)).toBe(true);
  });
});
