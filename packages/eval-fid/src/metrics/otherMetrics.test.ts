import { normal } from "@dit/core";
import { describe, expect, test } from "vitest";
import { featureRows } from "../statistics/featureRows";
import { fidInfinity, fitInverse } from "./fidInfinity";
import { gaussianOf } from "./frechet";
import { chunks, equalSplits, inceptionScore } from "./inceptionScore";
import { kid, kidSubsets, squaredMmd } from "./kid";
import { prd } from "./prd";

const rows = (count: number, width: number, sample: number, shift = 0) =>
  featureRows(
    normal({ seed: 1, stream: "metrics", step: 0, sample }, count * width).map((x) => x + shift),
    width,
  );

describe("Inception Score", () => {
  test("of certain and evenly spread classes is their number", () => {
    const certain = Float32Array.from({ length: 20 * 5 }, (_, at) => (at % 5 === Math.floor(at / 5) % 5 ? 1000 : 0));
    expect(inceptionScore(featureRows(certain, 5), equalSplits(20, 1)).mean).toBeCloseTo(5, 12);
  });

  test("splits cover every row once; more splits than rows are refused", () => {
    expect(equalSplits(7, 3)).toEqual([
      [0, 2],
      [2, 4],
      [4, 7],
    ]);
    expect(chunks(7, 3)).toEqual([
      [0, 3],
      [3, 6],
      [6, 7],
    ]);
    expect(() => inceptionScore(rows(3, 2, 0), equalSplits(3, 5))).toThrow("3 images do not fill 5 splits");
  });
});

describe("KID", () => {
  test("is the unbiased estimate, pair by pair", () => {
    const [real, fake] = [rows(12, 3, 0), rows(9, 3, 1, 0.5)];
    const k = (a: typeof real, i: number, b: typeof real, j: number) =>
      ([0, 1, 2].reduce((sum, d) => sum + a.data[i * 3 + d]! * b.data[j * 3 + d]!, 0) / 3 + 1) ** 3;
    const mean = (a: typeof real, b: typeof real, isPair: (i: number, j: number) => boolean) => {
      const values = [...Array(a.count).keys()].flatMap((i) =>
        [...Array(b.count).keys()].flatMap((j) => (isPair(i, j) ? [k(a, i, b, j)] : [])),
      );
      return values.reduce((sum, x) => sum + x, 0) / values.length;
    };
    const different = (i: number, j: number) => i !== j;
    const expected = mean(real, real, different) + mean(fake, fake, different) - 2 * mean(real, fake, () => true);
    expect(squaredMmd(real, fake)).toBeCloseTo(expected, 12);
    expect(squaredMmd(real, fake, { kind: "polynomial", degree: 3, gamma: 1 / 3, coef0: 1 })).toBe(
      squaredMmd(real, fake),
    );
    expect(() => squaredMmd(rows(1, 3, 0), fake)).toThrow("KID needs at least 2 images of each set, there is 1");
  });

  test("of seeded subsets is the same again, and near 0 for one distribution", () => {
    const subsets = kidSubsets(100, 80, { subsets: 20, size: 40, seed: 5 });
    expect(kidSubsets(100, 80, { subsets: 20, size: 40, seed: 5 })).toEqual(subsets);
    expect(new Set(subsets[0]!.real as Int32Array).size).toBe(40);
    expect(Math.abs(kid(rows(100, 6, 0), rows(80, 6, 1), subsets).mean)).toBeLessThan(0.2);
    expect(kid(rows(100, 6, 0), rows(80, 6, 1, 1), subsets).mean).toBeGreaterThan(1);
  });
});

describe("PRD", () => {
  const options = { seed: 2, runs: 3, clusters: 8 };

  test("of one distribution is high, of two that never meet is 0", () => {
    const same = prd(rows(400, 4, 0), rows(400, 4, 0), options);
    expect([same.f8, same.f1_8]).toEqual([1, 1].map((x) => expect.closeTo(x, 6)));
    const apart = prd(rows(60, 4, 0), rows(60, 4, 1, 100), options);
    expect(Math.max(apart.f8, apart.f1_8)).toBeLessThan(1e-6);
  });

  test("tells a lost mode from an invented one", () => {
    const modes = (centres: readonly number[]) =>
      featureRows(
        Float32Array.from({ length: 400 }, (_, i) => centres[i % centres.length]! + (i % 7) * 0.01),
        1,
      );
    const lost = prd(modes([0, 10, 20, 30]), modes([0, 10]), options);
    expect(lost.f1_8).toBeGreaterThan(0.9);
    expect(lost.f8).toBeLessThan(0.6);
    expect(prd(modes([0, 10, 20, 30]), modes([0, 10]), options)).toEqual(lost);
  });

  test("takes constant images", () => {
    const constant = featureRows(new Float32Array(60), 2);
    expect(prd(constant, constant, options).f8).toBeCloseTo(1, 6);
  });
});

test("FID-infinity finds the line in 1 / N, and takes away what few samples add", () => {
  const line = fitInverse(
    [10, 20, 40],
    [10, 20, 40].map((n) => 3 + 50 / n),
  );
  expect([line.intercept, line.slope, line.residual]).toEqual([3, 50, 0].map((x) => expect.closeTo(x, 10)));
  const [real, fake] = [gaussianOf(rows(4000, 8, 0)), rows(600, 8, 1)];
  const { intercept, distances } = fidInfinity(real, fake, { seed: 1 });
  expect(Math.abs(intercept)).toBeLessThan(distances.at(-1)! / 2);
  expect(() => fidInfinity(real, rows(20, 8, 1), { seed: 1 })).toThrow("needs at least 30 images, there are 20");
});
