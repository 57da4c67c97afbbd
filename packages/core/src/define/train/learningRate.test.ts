import { describe, expect, test } from "vitest";
import { type DecayName, decays, learningRateAt } from "./learningRate";

describe("the learning rate", () => {
  const at = (step: number, warmup: number, decay: DecayName) =>
    learningRateAt(step, 100, { learningRate: 0.1, warmup, decay });

  test("rises in a line over the warm-up, the first step's being above 0", () => {
    expect([0, 4, 9, 10, 99].map((step) => at(step, 10, "constant"))).toEqual([0.01, 0.05, 0.1, 0.1, 0.1]);
  });

  test("is constant without a warm-up", () => {
    expect([0, 50, 99].map((step) => at(step, 0, "constant"))).toEqual([0.1, 0.1, 0.1]);
  });

  test("falls along half a cosine after the warm-up", () => {
    expect(at(20, 20, "cosine")).toBe(0.1);
    expect(at(60, 20, "cosine")).toBeCloseTo(0.05, 12);
    expect(at(99, 20, "cosine")).toBeLessThan(1e-4);
    expect(at(100, 20, "cosine")).toBeCloseTo(0, 12);
  });

  test("falls along a line", () => {
    expect([20, 60, 100].map((step) => at(step, 20, "linear"))).toEqual([0.1, 0.05, 0]);
  });

  test("falls as the square root of all steps, the warm-up's too, grows", () => {
    expect(at(10, 10, "inverseSqrt")).toBe(0.1);
    expect(at(40, 10, "inverseSqrt")).toBeCloseTo(0.05, 12);
    expect(at(0, 0, "inverseSqrt")).toBe(0.1);
    expect(at(3, 0, "inverseSqrt")).toBeCloseTo(0.05, 12);
  });

  test("of wsd stays until the last fifth, which ends at 0", () => {
    expect([10, 50, 82].map((step) => at(step, 10, "wsd"))).toEqual([0.1, 0.1, 0.1]);
    expect(at(82 + 18 / 4, 10, "wsd")).toBeCloseTo(0.05, 12);
    expect(at(100, 10, "wsd")).toBeCloseTo(0, 12);
  });

  test.each(Object.keys(decays) as DecayName[])(
    "of %s begins at the full rate after any warm-up and never rises",
    (decay) => {
      for (const warmup of [0, 1, 30, 100]) {
        const rates = Array.from({ length: 101 - warmup }, (_, i) => at(warmup + i, warmup, decay));
        expect(rates[0]).toBeCloseTo(0.1, 12);
        for (let i = 1; i < rates.length; i++) expect(rates[i]).toBeLessThanOrEqual(rates[i - 1]! + 1e-15);
      }
    },
  );
});
