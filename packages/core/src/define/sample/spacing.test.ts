import { describe, expect, test } from "vitest";
import { ConfigError } from "../../ir/errors";
import { process } from "../diffusion/process";
import { clean, noiseRatio } from "./level";
import { type LevelOptions, noiseLevels, type SpacingName } from "./spacing";

const chain = process("linear", 1000);
const levels = (spacing: SpacingName, steps: number, changes: Partial<LevelOptions> = {}) =>
  noiseLevels(chain, steps, { spacing, stepsOffset: 0, end: "clean", ...changes });
const timesteps = (...args: Parameters<typeof levels>) =>
  levels(...args)
    .slice(0, -1)
    .map(({ timestep }) => timestep);

describe("a spacing by timesteps", () => {
  test("visits what the papers and diffusers visit", () => {
    expect(timesteps("official", 5)).toEqual([999, 749, 500, 250, 0]);
    expect(timesteps("stride", 5)).toEqual([800, 600, 400, 200, 0]);
    expect(timesteps("leading", 5)).toEqual([800, 600, 400, 200, 0]);
    expect(timesteps("leading", 5, { stepsOffset: 1 })).toEqual([801, 601, 401, 201, 1]);
    expect(timesteps("leading", 3)).toEqual([666, 333, 0]);
    expect(timesteps("trailing", 5)).toEqual([999, 799, 599, 399, 199]);
    expect(timesteps("trailing", 3)).toEqual([999, 666, 332]);
    expect(timesteps("linspace", 5)).toEqual([999, 749, 500, 250, 0]);
  });

  test("rounds halves as NumPy does, whose grid is not exact", () => {
    // np.arange(1000, 0, -1000 / 48).round() - 1: 937.5 is missed by a rounding error, and goes down.
    expect(timesteps("trailing", 48).slice(0, 10)).toEqual([999, 978, 957, 936, 916, 895, 874, 853, 832, 811]);
    expect(timesteps("trailing", 16).slice(0, 4)).toEqual([999, 937, 874, 811]);
  });

  test("never goes below 0, nor on for more steps than asked for", () => {
    for (const steps of [1, 3, 61, 103, 999, 1000]) {
      const visited = timesteps("trailing", steps);
      expect(visited).toHaveLength(steps);
      expect(Math.min(...visited)).toBeGreaterThanOrEqual(0);
    }
  });

  test("has the chain's noise at each, and ends clean", () => {
    const spaced = levels("trailing", 10);
    for (const { timestep, alpha, sigma } of spaced.slice(0, -1)) {
      expect(alpha ** 2).toBeCloseTo(chain.alphasCumprod[timestep]!, 14);
      expect(alpha ** 2 + sigma ** 2).toBeCloseTo(1, 14);
    }
    expect(spaced.at(-1)).toBe(clean);
  });
});

describe("a spacing by noise", () => {
  test.each(["karras", "exponential"] as const)("(%s) goes from the chain's most noise to its least", (spacing) => {
    const spaced = levels(spacing, 10);
    expect(spaced).toHaveLength(11);
    expect(noiseRatio(spaced[0]!)).toBeCloseTo(Math.sqrt(1 / chain.alphasCumprod[999]! - 1), 9);
    expect(noiseRatio(spaced[9]!)).toBeCloseTo(Math.sqrt(1 / chain.alphasCumprod[0]! - 1), 12);
    expect(spaced[0]!.timestep).toBeCloseTo(999, 9);
    expect(spaced[9]!.timestep).toBeCloseTo(0, 9);
    spaced.slice(1).forEach(({ timestep }, i) => {
      expect(timestep).toBeLessThanOrEqual(spaced[i]!.timestep);
    });
  });

  test("is even in what it is named for", () => {
    const steps = (f: (ratio: number) => number, spacing: SpacingName) => {
      const values = levels(spacing, 10).slice(0, -1).map(noiseRatio).map(f);
      return values.slice(1).map((value, i) => value - values[i]!);
    };
    for (const step of steps((ratio) => ratio ** (1 / 7), "karras"))
      expect(step).toBeCloseTo((0.01 ** (1 / 7) - 157.4 ** (1 / 7)) / 9, 3);
    for (const step of steps(Math.log, "exponential")) expect(step).toBeCloseTo(Math.log(0.01 / 157.4) / 9, 3);
  });

  test("tells the network timesteps between those it knows, whose noise lies between theirs", () => {
    for (const level of levels("karras", 7).slice(1, -2)) {
      const [below, above] = [Math.floor(level.timestep), Math.ceil(level.timestep)];
      expect(level.alpha ** 2).toBeLessThanOrEqual(chain.alphasCumprod[below]!);
      expect(level.alpha ** 2).toBeGreaterThanOrEqual(chain.alphasCumprod[above]!);
    }
  });
});

test("a run may end at the least noise that the model knows, in as many steps", () => {
  const spaced = levels("linspace", 4, { end: "sigmaMin" });
  expect(spaced.map(({ timestep }) => timestep)).toEqual([999, 749, 500, 250, 0]);
  expect(spaced.at(-1)!.sigma).toBeCloseTo(0.01, 12);
});

test.each<[SpacingName, number, Partial<LevelOptions>, string]>([
  ["karas" as SpacingName, 10, {}, "there is no spacing karas; did you mean karras? (spacings: official, stride,"],
  ["official", 0, {}, "steps is 0; it must be a whole number from 1"],
  ["official", 2.5, {}, "steps is 2.5; it must be a whole number from 1"],
  ["karras", 1001, {}, "1001 sampling steps, but the model's chain has 1000"],
  ["official", 1000, { end: "sigmaMin" }, "1001 sampling steps, but the model's chain has 1000"],
  ["stride", 300, {}, "cannot create exactly 300 of 1000 steps with an integer stride"],
  ["trailing", 10, { stepsOffset: 1 }, 'stepsOffset is 1, but only the spacing "leading" has an offset'],
  ["leading", 10, { stepsOffset: 100 }, "stepsOffset 100 leads to timestep 1000, but the model knows 0..999"],
])("%s in %d steps with %j is refused", (spacing, steps, changes, message) => {
  expect(() => levels(spacing, steps, changes)).toThrow(ConfigError);
  expect(() => levels(spacing, steps, changes)).toThrow(message);
});
