import { expect, test } from "vitest";
import { type TimeSampling, timeSamplings } from "./timeSampling";

const count = 4000;
const drawn = (sampling: TimeSampling) =>
  Array.from({ length: count }, (_, sample) =>
    timeSamplings[sampling].time({ seed: 1, stream: "timestep", step: 0, sample }),
  ).sort((a, b) => a - b);
/** The part of the draws below a time. */
const below = (times: readonly number[], time: number) => times.filter((t) => t < time).length / times.length;

test("uniform times fill the unit interval evenly", () => {
  const times = drawn("uniform");
  for (const time of [0.1, 0.25, 0.5, 0.9]) expect(Math.abs(below(times, time) - time)).toBeLessThan(0.025);
});

test("logit-normal times have the quantiles of a normal, through the sigmoid", () => {
  const times = drawn("logitNormal");
  // Standard normal quantiles by table.
  for (const [part, z] of [
    [0.1, -1.281552],
    [0.5, 0],
    [0.8, 0.841621],
    [0.975, 1.959964],
  ] as const) {
    expect(Math.abs(below(times, 1 / (1 + Math.exp(-z))) - part)).toBeLessThan(0.025);
  }
});

test.each(["uniform", "logitNormal"] as const)(
  "steps drawn by %s lie in the chain and follow the times",
  (sampling) => {
    const steps = Array.from({ length: count }, (_, sample) =>
      timeSamplings[sampling].step({ seed: 1, stream: "timestep", step: 0, sample }, 50),
    );
    expect(steps.every((step) => Number.isInteger(step) && step >= 0 && step < 50)).toBe(true);
    const times = drawn(sampling);
    for (const step of [10, 25, 40]) {
      expect(Math.abs(steps.filter((s) => s < step).length / count - below(times, step / 50))).toBeLessThan(0.03);
    }
  },
);
