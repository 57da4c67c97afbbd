import { describe, expect, test } from "vitest";
import { process } from "../diffusion/process";
import { dpmSolver } from "./dpmSolver";
import { clean, type NoiseLevel } from "./level";
import { flow, follow, type Toy } from "./linearGaussian";
import { type MakeSampler, type SamplerName, samplers } from "./samplers";
import { noiseLevels, type SpacingName } from "./spacing";

const toy: Toy = { mean: 0.7, std: 0.4 };
const chain = process("linear", 1000);
const model = { prediction: "eps", variance: "fixedSmall" } as const;
const levelsOf = (steps: number, spacing: SpacingName, end: "clean" | "sigmaMin" = "sigmaMin") =>
  noiseLevels(chain, steps, { spacing, stepsOffset: 0, end });
const make = (name: SamplerName, levels: readonly NoiseLevel[]) => (samplers[name] as MakeSampler)(levels, model);

/** How far a run's map from noise to image is from that of the flow itself. */
function error(name: SamplerName, steps: number, spacing: SpacingName): number {
  const levels = levelsOf(steps, spacing);
  const [first, last] = [levels[0]!, levels.at(-1)!];
  const coordinates = name === "euler" || name === "heun" ? 1 / last.alpha : 1;
  return Math.abs(follow(make(name, levels), levels, toy).slope - flow(toy, first, last).slope * coordinates);
}

/** By which power of the step length the error falls, over three doublings. */
function order(name: SamplerName, spacing: SpacingName): number {
  return Math.log2(error(name, 40, spacing) / error(name, 320, spacing)) / 3;
}

describe("the error falls with the steps at the order", () => {
  test.each<[number, SamplerName, SpacingName]>([
    [1, "ddim", "exponential"],
    [1, "euler", "karras"],
    [1, "dpm++1", "exponential"],
    [2, "heun", "karras"],
    [2, "dpm++2m", "exponential"],
    [2, "dpm++2m", "karras"],
    [2, "dpm++2m-heun", "exponential"],
    [2, "dpm2m", "exponential"],
    [3, "dpm++3m", "karras"],
  ])("%d of %s (%s)", (expected, name, spacing) => {
    expect(Math.abs(order(name, spacing) - expected)).toBeLessThan(0.2);
  });
});

test("the third order of diffusers is but a second", () => {
  const error = (steps: number) => {
    const levels = levelsOf(steps, "karras");
    const exact = flow(toy, levels[0]!, levels.at(-1)!).slope;
    return Math.abs(follow(dpmSolver(levels, model, { order: 3, third: "diffusers" }), levels, toy).slope - exact);
  };
  expect(Math.abs(Math.log2(error(160) / error(320)) - 2)).toBeLessThan(0.2);
});

describe("ddim, euler and dpm++1 are one method", () => {
  test.each(["official", "trailing", "karras"] as const)("(%s)", (spacing) => {
    const levels = levelsOf(12, spacing, "clean");
    const [first, ...others] = (["ddim", "euler", "dpm++1"] as const).map((name) =>
      follow(make(name, levels), levels, toy),
    );
    for (const other of others) {
      expect(other.slope).toBeCloseTo(first!.slope, 10);
      expect(other.offset).toBeCloseTo(first!.offset, 10);
    }
  });
});

describe("samplers that draw come to the data's mean and deviation, within 1%", () => {
  test.each<[SamplerName, SpacingName, number]>([
    ["ddpm", "official", 1000],
    ["dpm++2m-sde", "official", 300],
    ["dpm++2m-sde", "karras", 300],
  ])("%s (%s, %d steps)", (name, spacing, steps) => {
    const levels = levelsOf(steps, spacing, "clean");
    const { offset, std } = follow(make(name, levels), levels, toy);
    expect(Math.abs(offset / toy.mean - 1)).toBeLessThan(0.01);
    expect(Math.abs(std / toy.std - 1)).toBeLessThan(0.01);
  });
});

test.each(Object.keys(samplers) as SamplerName[])("%s does the same for every prediction type", (name) => {
  const levels = levelsOf(20, "trailing", "clean");
  const results = (["eps", "x0", "v", "velocity"] as const).map((prediction) =>
    follow((samplers[name] as MakeSampler)(levels, { ...model, prediction }), levels, toy, prediction),
  );
  for (const { slope, offset, std } of results) {
    expect(slope).toBeCloseTo(results[0]!.slope, 8);
    expect(offset).toBeCloseTo(results[0]!.offset, 8);
    expect(std).toBeCloseTo(results[0]!.std, 8);
  }
});

describe("a multistep solver", () => {
  const columns = (name: SamplerName, steps: number, options = {}) => {
    const levels = [...levelsOf(steps - 1, "exponential"), clean];
    return (samplers[name] as MakeSampler)(levels, model, options).rows.map(({ fromD1, fromD2 }) =>
      fromD2 !== 0 ? 3 : fromD1 !== 0 ? 2 : 1,
    );
  };

  test("begins with what it knows, and ends a short run as it began", () => {
    expect(columns("dpm++3m", 7)).toEqual([1, 2, 3, 3, 3, 2, 1]);
    expect(columns("dpm++3m", 7, { lowerOrderFinal: false })).toEqual([1, 2, 3, 3, 3, 3, 1]);
    expect(columns("dpm++3m", 16).slice(-3)).toEqual([3, 3, 1]);
    expect(columns("dpm++2m", 5)).toEqual([1, 2, 2, 2, 1]);
  });

  test("that stops short of the clean image ends with a first-order step only if asked to", () => {
    const levels = levelsOf(20, "exponential");
    const last = (eulerAtFinal: boolean) => samplers["dpm++2m"](levels, model, { eulerAtFinal }).rows.at(-1)!.fromD1;
    expect(last(true)).toBe(0);
    expect(last(false)).not.toBe(0);
  });
});
