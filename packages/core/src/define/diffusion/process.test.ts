import { describe, expect, test } from "vitest";
import { ConfigError } from "../../ir/errors";
import { type PredictionType, predictions } from "./prediction";
import { process } from "./process";
import { betasOf, schedules } from "./schedule";
import { variances } from "./variance";

describe("schedules", () => {
  test("linear goes from 1e-4 to 0.02 at 1000 steps, and ends equally noisy at others", () => {
    const betas = schedules.linear(1000);
    expect([betas[0], betas[999]]).toEqual([1e-4, 0.02]);
    expect(betas[1]! - betas[0]!).toBeCloseTo(0.0199 / 999, 15);
    const last = (steps: number) => process("linear", steps).alphasCumprod.at(-1)!;
    expect(last(1000)).toBeCloseTo(4.04e-5, 6);
    expect(Math.log(last(250)) / Math.log(last(1000))).toBeCloseTo(1, 1);
  });

  test("scaled linear has evenly growing roots, between ends that can be set", () => {
    const roots = [...schedules.scaledLinear(1000)].map(Math.sqrt);
    expect([roots[0], roots[999]]).toEqual(
      [Math.sqrt(0.00085), Math.sqrt(0.012)].map((root) => expect.closeTo(root, 15)),
    );
    expect(roots[500]! - roots[499]!).toBeCloseTo((roots[999]! - roots[0]!) / 999, 12);
    expect([...betasOf({ name: "scaledLinear", ends: [0.01, 0.04] }, 3)][1]).toBeCloseTo(0.15 ** 2, 15);
    expect([...betasOf({ name: "linear", ends: [0.1, 0.3] }, 3)]).toEqual([0.1, expect.closeTo(0.2, 15), 0.3]);
    expect(() => betasOf({ name: "linear", ends: [0, 2] }, 3)).toThrow(
      "its ends must lie between 0 and 1, got 0 and 2",
    );
  });

  test("cosine follows cos^2 and is capped at 0.999", () => {
    const { alphasCumprod } = process("cosine", 1000);
    const alphaBar = (time: number) => Math.cos(((time + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
    expect(alphasCumprod[499]).toBeCloseTo(alphaBar(0.5) / alphaBar(0), 12);
    expect(schedules.cosine(1000)[999]).toBe(0.999);
  });

  test("the older ones", () => {
    expect([...schedules.jsd(4)]).toEqual([1 / 4, 1 / 3, 1 / 2, 1]);
    expect([...schedules.constant(3)]).toEqual([0.02, 0.02, 0.02]);
    expect(schedules.quadratic(1000)[0]).toBeCloseTo(1e-4, 15);
    expect(schedules.quadratic(1000)[999]).toBeCloseTo(0.02, 15);
    expect([...schedules.warmup10(20)].slice(0, 3)).toEqual([1e-4, 0.02, 0.02]);
    expect(schedules.warmup50(20).indexOf(0.02)).toBe(9);
  });

  test("an unknown one is named, with the one that was meant", () => {
    expect(() => betasOf("squaredcos", 10)).toThrow(ConfigError);
    expect(() => betasOf("linaer", 10)).toThrow('there is no schedule "linaer"; did you mean linear?');
  });
});

describe.each([
  ["all 1000 steps", process("linear", 1000)],
  ["50 of 1000", process("linear", 1000, "50")],
  ["cosine", process("cosine", 100)],
])("a chain of %s", (_, chain) => {
  const steps = Array.from({ length: chain.steps }, (_, i) => i);

  test("gets noisier step by step", () => {
    for (const i of steps) expect(chain.alphasCumprod[i]).toBeLessThan(chain.alphasCumprodPrev[i]!);
    expect(chain.alphasCumprodPrev[0]).toBe(1);
    expect(chain.alphasCumprodNext.at(-1)).toBe(0);
    expect([...chain.alphasCumprodNext].slice(0, -1)).toEqual([...chain.alphasCumprod].slice(1));
  });

  test("has a posterior that leads from q(x_t | x0) to q(x_{t-1} | x0)", () => {
    for (const i of steps) {
      const [a, previous] = [chain.alphasCumprod[i]!, chain.alphasCumprodPrev[i]!];
      const [coef1, coef2] = [chain.posteriorMeanCoef1[i]!, chain.posteriorMeanCoef2[i]!];
      expect(coef1 + coef2 * Math.sqrt(a)).toBeCloseTo(Math.sqrt(previous), 10);
      expect(coef2 ** 2 * (1 - a) + chain.posteriorVariance[i]!).toBeCloseTo(1 - previous, 10);
    }
  });

  test("has no posterior variance at step 0, and step 1's logarithm there", () => {
    expect(chain.posteriorVariance[0]).toBe(0);
    expect(chain.posteriorLogVarianceClipped[0]).toBe(Math.log(chain.posteriorVariance[1]!));
    expect(variances.fixedLarge(chain).low[0]).toBe(chain.posteriorLogVarianceClipped[0]);
    expect(variances.fixedLarge(chain).low[1]).toBe(Math.log(chain.betas[1]!));
  });

  test.each(Object.keys(predictions) as PredictionType[])(
    "reads back the image from a perfect prediction of %s",
    (type) => {
      const { fromX, fromOutput } = predictions[type].toX0(chain);
      const { fromX0, fromNoise } = predictions[type].target(chain);
      for (const i of steps) {
        for (const [x0, noise] of [
          [0.3, -1.2],
          [-0.9, 0.4],
        ] as const) {
          const xt = chain.sqrtAlphasCumprod[i]! * x0 + chain.sqrtOneMinusAlphasCumprod[i]! * noise;
          const target = fromX0[i]! * x0 + fromNoise[i]! * noise;
          expect(Math.abs(fromX[i]! * xt + fromOutput[i]! * target - x0)).toBeLessThan(
            1e-9 * Math.max(1, Math.abs(fromX[i]!)),
          );
        }
      }
    },
  );
});

describe("a shortened chain", () => {
  const full = process("linear", 1000);

  test("is as noisy at each kept step as the whole one is there", () => {
    const short = process("linear", 1000, "ddim50");
    expect([...short.timesteps]).toEqual(Array.from({ length: 50 }, (_, i) => 20 * i));
    short.timesteps.forEach((t, i) => {
      expect(short.alphasCumprod[i]).toBeCloseTo(full.alphasCumprod[t]!, 12);
    });
  });

  test("that keeps all steps has the schedule's betas up to rounding", () => {
    const betas = schedules.linear(1000);
    full.betas.forEach((beta, i) => {
      expect(Math.abs(beta - betas[i]!)).toBeLessThan(5e-16);
    });
  });
});
