import { describe, expect, test } from "vitest";
import { type PredictionType, predictions } from "../diffusion/prediction";
import { type Process, process } from "../diffusion/process";
import type { VarianceType } from "../diffusion/variance";
import { ddim, ddimReverse } from "./ddim";
import { ddpm } from "./ddpm";
import type { MakeSampler } from "./samplers";
import { levelsOf } from "./spacing";
import type { SamplerTable } from "./table";

// On data x0 ~ N(mean, std^2) the best prediction is known in closed form, and every sampler is a linear map with added
// noise. So a whole run is followed exactly, in plain numbers: no network, no draws.

interface Toy {
  readonly mean: number;
  readonly std: number;
}

/** E[x0 | x_t] = fromX x_t + offset, and Var[x0 | x_t]. */
function posterior({ mean, std }: Toy, alphaCumprod: number) {
  const total = alphaCumprod * std ** 2 + 1 - alphaCumprod;
  const fromX = (Math.sqrt(alphaCumprod) * std ** 2) / total;
  return {
    fromX,
    offset: mean * (1 - fromX * Math.sqrt(alphaCumprod)),
    variance: (std ** 2 * (1 - alphaCumprod)) / total,
  };
}

/** Follows x = slope x_start + offset and the variance of the added noise through a table's rows. */
function follow(table: SamplerTable, chain: Process, toy: Toy, type: PredictionType = "eps") {
  let [slope, offset, variance] = [1, 0, 0];
  for (const row of table.rows) {
    const i = chain.timesteps.indexOf(row.timestep);
    const a = chain.alphasCumprod[i]!;
    const best = posterior(toy, a);
    // The best prediction is the target with x0 and the noise replaced by what x_t says of them.
    const { fromX0, fromNoise } = predictions[type].target(chain);
    const outputOf = (x: number, x0: number) =>
      fromX0[i]! * x0 + (fromNoise[i]! * (x - Math.sqrt(a) * x0)) / Math.sqrt(1 - a);
    const step = (x: number) => {
      const x0 = row.x0FromX * x + row.x0FromOutput * outputOf(x, best.fromX * x + best.offset);
      return row.fromX * x + row.fromD * x0;
    };
    const [constant, factor] = [step(0), step(1) - step(0)];
    const drawn = table.learnedVariance ? row.std ** 2 * trueVariance(chain, i, best.variance) : row.std ** 2;
    [slope, offset, variance] = [factor * slope, factor * offset + constant, factor ** 2 * variance + drawn];
  }
  return { slope, offset, std: Math.sqrt(slope ** 2 + variance) };
}

/** Variance of p(x_{t-1} | x_t) for the toy data: what a perfect network's learned variance picks from the range. */
function trueVariance(chain: Process, i: number, ofX0: number): number {
  return chain.posteriorVariance[i]! + chain.posteriorMeanCoef1[i]! ** 2 * ofX0;
}

const toy: Toy = { mean: 0.7, std: 0.4 };
const chainOf = (steps: number) => process("linear", 1000, String(steps));
const config = (prediction: PredictionType, variance: VarianceType = "fixedSmall") => ({ prediction, variance });

/** The map by which the deterministic flow takes x_T to x_0: it keeps each point's distance from the mean in deviations. */
function flow(chain: Process, { mean, std }: Toy) {
  const a = chain.alphasCumprod.at(-1)!;
  const slope = std / Math.sqrt(a * std ** 2 + 1 - a);
  return { slope, offset: mean - slope * Math.sqrt(a) * mean };
}

describe("ddim", () => {
  test("without noise comes to the exact flow at first order: twice the steps, half the error", () => {
    const errors = [50, 100, 200, 400].map((steps) => {
      const chain = chainOf(steps);
      return Math.abs(follow(ddim(levelsOf(chain), config("eps")), chain, toy).slope - flow(chain, toy).slope);
    });
    expect(errors[0]).toBeLessThan(0.03);
    for (let i = 1; i < errors.length; i++) {
      expect(errors[i - 1]! / errors[i]!).toBeGreaterThan(1.85);
      expect(errors[i - 1]! / errors[i]!).toBeLessThan(2.15);
    }
  });

  test("is exact in any number of steps when the data is one point", () => {
    const chain = chainOf(10);
    const { slope, offset } = follow(ddim(levelsOf(chain), config("eps")), chain, { mean: 0.7, std: 0 });
    expect(slope).toBeCloseTo(0, 12);
    expect(offset).toBeCloseTo(0.7, 12);
  });

  test("with eta 1 is ddpm with the small variance", () => {
    const chain = chainOf(50);
    const noisy = follow(ddim(levelsOf(chain), config("eps"), { eta: 1 }), chain, toy);
    const ancestral = follow(ddpm(levelsOf(chain), config("eps")), chain, toy);
    expect(noisy.offset).toBeCloseTo(ancestral.offset, 10);
    expect(noisy.std).toBeCloseTo(ancestral.std, 10);
  });

  test("turned round ends at noise, and what it made comes back", () => {
    const chain = chainOf(1000);
    const up = follow(ddimReverse(levelsOf(chain), config("eps")), chain, toy);
    expect(up.slope * toy.std).toBeCloseTo(1, 1);
    expect(up.slope * toy.mean + up.offset).toBeCloseTo(0, 2);
    const down = follow(ddim(levelsOf(chain), config("eps")), chain, toy);
    expect(down.slope * up.slope).toBeCloseTo(1, 1);
  });

  test("ignores a learned variance", () => {
    expect(ddim(levelsOf(chainOf(10)), config("eps", "learnedRange"), { eta: 1 }).learnedVariance).toBe(false);
  });
});

describe("ddpm", () => {
  test.each(["fixedSmall", "fixedLarge"] as const)("with %s comes to the data's mean and deviation", (variance) => {
    const chain = chainOf(1000);
    const { offset, std } = follow(ddpm(levelsOf(chain), config("eps", variance)), chain, toy);
    expect(offset).toBeCloseTo(toy.mean, 4);
    expect(Math.abs(std - toy.std)).toBeLessThan(0.005);
  });

  test("with the small variance draws too little, with the large one too much, and less so with more steps", () => {
    const stdOf = (steps: number, variance: VarianceType) =>
      follow(ddpm(levelsOf(chainOf(steps)), config("eps", variance)), chainOf(steps), toy).std;
    expect(stdOf(50, "fixedSmall")).toBeLessThan(stdOf(500, "fixedSmall"));
    expect(stdOf(500, "fixedSmall")).toBeLessThan(toy.std);
    expect(stdOf(50, "fixedLarge")).toBeGreaterThan(stdOf(500, "fixedLarge"));
    expect(stdOf(500, "fixedLarge")).toBeGreaterThan(toy.std);
  });

  test("with the small variance is exact when the data is one point, with the large one when it is standard normal", () => {
    const chain = chainOf(10);
    const point = follow(ddpm(levelsOf(chain), config("eps")), chain, { mean: 0.7, std: 0 });
    expect(point.offset).toBeCloseTo(0.7, 8);
    expect(point.std).toBeCloseTo(0, 8);
    const normal = follow(ddpm(levelsOf(chain), config("eps", "fixedLarge")), chain, { mean: 0, std: 1 });
    // The last step adds no noise, so the result lacks what x_0 does not tell of the image.
    expect(normal.std ** 2).toBeCloseTo(chain.alphasCumprod[0]!, 10);
  });

  test("with a perfect learned variance is exact in any number of steps", () => {
    for (const steps of [5, 50]) {
      const chain = chainOf(steps);
      const table = ddpm(levelsOf(chain), config("eps", "learnedRange"));
      expect(table.learnedVariance).toBe(true);
      const { std } = follow(table, chain, toy);
      expect(std ** 2 + posterior(toy, chain.alphasCumprod[0]!).variance).toBeCloseTo(toy.std ** 2, 4);
    }
  });

  test("the learned variance's range holds the true variance of any data narrower than the noise", () => {
    const chain = chainOf(50);
    const { rows } = ddpm(levelsOf(chain), config("eps", "learnedRange"));
    for (const { timestep, logVarianceLow, logVarianceHigh } of rows.slice(0, -1)) {
      const i = chain.timesteps.indexOf(timestep);
      const exact = Math.log(trueVariance(chain, i, posterior(toy, chain.alphasCumprod[i]!).variance));
      expect(exact).toBeGreaterThan(logVarianceLow - 1e-9);
      expect(exact).toBeLessThan(logVarianceHigh + 1e-9);
    }
  });
});

describe.each<[string, MakeSampler]>([
  ["ddpm", ddpm],
  ["ddim", ddim],
])("%s", (_, sampler) => {
  test("does the same for every prediction type", () => {
    const chain = chainOf(25);
    const results = (["eps", "x0", "v"] as const).map((type) =>
      follow(sampler(levelsOf(chain), config(type)), chain, toy, type),
    );
    for (const { slope, offset, std } of results) {
      expect(slope).toBeCloseTo(results[0]!.slope, 9);
      expect(offset).toBeCloseTo(results[0]!.offset, 9);
      expect(std).toBeCloseTo(results[0]!.std, 9);
    }
  });

  test("goes from the noisiest timestep to 0, and adds no noise at the end", () => {
    const chain = chainOf(25);
    const { rows } = sampler(levelsOf(chain), config("eps"), { eta: 1 });
    expect(rows.map(({ timestep }) => timestep)).toEqual([...chain.timesteps].reverse());
    expect(rows.at(-1)!.std).toBe(0);
    expect(rows.slice(0, -1).every(({ std }) => std > 0)).toBe(true);
  });
});
