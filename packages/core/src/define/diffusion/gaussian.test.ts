import { describe, expect, test } from "vitest";
import { constantF32 } from "../../ir/create";
import { compute } from "../../run/reference/compute";
import { discretizedGaussianLogLikelihood, normalKl } from "./gaussian";

const vector = (...values: number[]) => constantF32([values.length], values);

describe("normalKl", () => {
  const kl = (mean1: number, std1: number, mean2: number, std2: number) => {
    const [m1, v1, m2, v2] = [mean1, 2 * Math.log(std1), mean2, 2 * Math.log(std2)].map((x) => vector(x));
    return compute([normalKl(m1!, v1!, m2!, v2!)])[0]![0]!;
  };

  test("is log(s2 / s1) + (s1^2 + (m1 - m2)^2) / (2 s2^2) - 1/2", () => {
    for (const [m1, s1, m2, s2] of [
      [0, 1, 0, 1],
      [1, 0.5, -0.5, 2],
      [0.2, 3, 0.1, 0.7],
    ] as const) {
      expect(kl(m1, s1, m2, s2)).toBeCloseTo(Math.log(s2 / s1) + (s1 ** 2 + (m1 - m2) ** 2) / (2 * s2 ** 2) - 0.5, 5);
    }
  });

  test("is 0 for equal Gaussians only", () => {
    expect(kl(0.5, 2, 0.5, 2)).toBe(0);
    expect(kl(0.5, 2, 0.5, 1)).toBeGreaterThan(0);
  });
});

describe("the discretised likelihood", () => {
  const levels = Array.from({ length: 256 }, (_, i) => (2 * i) / 255 - 1);
  const likelihoods = (mean: number, std: number) =>
    compute([discretizedGaussianLogLikelihood(vector(...levels), vector(mean), vector(Math.log(std)))])[0]!.map(
      Math.exp,
    );

  test.each([
    [0, 1],
    [0.3, 0.1],
    [-0.98, 0.2],
    [2, 0.5],
  ])("of all 256 levels sums to 1 (mean %d, deviation %d)", (mean, std) => {
    expect(likelihoods(mean, std).reduce((sum, p) => sum + p)).toBeCloseTo(1, 6);
  });

  test("gives the outermost levels everything beyond them", () => {
    const far = likelihoods(5, 0.1);
    expect(far[255]).toBeCloseTo(1, 10);
    expect(likelihoods(-5, 0.1)[0]).toBeCloseTo(1, 10);
  });

  test("is near the density times the width of a level", () => {
    const [mean, std] = [0.1, 0.5];
    const density = Math.exp(-0.5 * ((levels[150]! - mean) / std) ** 2) / (std * Math.sqrt(2 * Math.PI));
    expect(likelihoods(mean, std)[150]! / (density * (2 / 255))).toBeCloseTo(1, 2);
  });

  test("never falls under 1e-12", () => {
    expect(Math.min(...likelihoods(-1, 1e-3))).toBeCloseTo(1e-12, 15);
  });
});
