import { normal } from "@dit/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FeatureRows, featureRows } from "../statistics/featureRows";
import { admManifold } from "./admManifold";
import { manifold } from "./manifold";

/** By the definitions, pair by pair. */
function bruteForce(real: FeatureRows, fake: FeatureRows, k: number) {
  const row = ({ data, width }: FeatureRows, i: number) => Array.from(data.subarray(i * width, (i + 1) * width));
  const distance = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + (value - y[i]!) ** 2, 0);
  const all = (set: FeatureRows) => Array.from({ length: set.count }, (_, i) => row(set, i));
  const [reals, fakes] = [all(real), all(fake)];
  const radius = (set: number[][]) =>
    set.map((x, i) => set.flatMap((y, j) => (i === j ? [] : [distance(x, y)])).sort((a, b) => a - b)[k - 1]!);
  const [radiiReal, radiiFake] = [radius(reals), radius(fakes)];
  const share = (flags: boolean[]) => flags.filter(Boolean).length / flags.length;
  const within = fakes.map((x) => reals.map((y, j) => distance(x, y) < radiiReal[j]!));
  return {
    precision: share(fakes.map((x) => reals.some((y, j) => distance(x, y) <= radiiReal[j]!))),
    recall: share(reals.map((y) => fakes.some((x, i) => distance(x, y) <= radiiFake[i]!))),
    density: within.flat().filter(Boolean).length / (k * fakes.length),
    coverage: share(reals.map((_, j) => within.some((inside) => inside[j]))),
    ties: fakes
      .flatMap((x, i) => reals.flatMap((y, j) => [distance(x, y) === radiiReal[j], distance(x, y) === radiiFake[i]]))
      .filter(Boolean).length,
  };
}

const pick = ({ precision, recall, density, coverage, ties }: ReturnType<typeof manifold>) => {
  return { precision, recall, density, coverage, ties };
};

describe("precision, recall, density, coverage", () => {
  test("are those of the definitions, with any number of ties", () => {
    const points = fc.array(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 2, maxLength: 2 }), {
      minLength: 4,
      maxLength: 14,
    });
    fc.assert(
      fc.property(points, points, fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, 1000), (a, b, k, far) => {
        const set = (list: number[][]) =>
          featureRows(
            Float64Array.from(list.flat(), (x) => x / 4 + far),
            2,
          );
        expect(pick(manifold(set(a), set(b), k))).toEqual(bruteForce(set(a), set(b), k));
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  test("survive a mean that is large beside the spread", () => {
    const far = (sample: number) =>
      featureRows(
        normal({ seed: 3, stream: "far", step: 0, sample }, 300 * 8).map((x) => 1000 + x / 4),
        8,
      );
    expect(pick(manifold(far(0), far(1), 3))).toEqual(bruteForce(far(0), far(1), 3));
  });

  test("of a set and itself are 1", () => {
    const set = featureRows(normal({ seed: 4, stream: "same", step: 0, sample: 0 }, 50 * 5), 5);
    expect(manifold(set, set, 3)).toMatchObject({ precision: 1, recall: 1, coverage: 1 });
    expect(admManifold(set, set)).toEqual({ precision: 1, recall: 1 });
  });

  test("need more rows than neighbours", () => {
    const three = featureRows(Float32Array.of(1, 2, 3), 1);
    expect(() => manifold(three, three, 3)).toThrow(
      "the 3 nearest neighbours of an image need at least 4 images, there are 3",
    );
    expect(() => admManifold(three, three)).toThrow("at least 4 images, there are 3");
  });
});

describe("with ADM's float16", () => {
  const line = (values: readonly number[]) => featureRows(Float32Array.from(values), 1);

  test("a distance just beyond a radius is within it", () => {
    // The ball of 0 reaches to 90. Half precision has 11 bits: 90.01 becomes 90.
    const [real, fake] = [line([0, 30, 60, 90]), line([-90.01, -110, -115, -120])];
    expect(manifold(real, fake, 3).precision).toBe(0);
    expect(admManifold(real, fake).precision).toBe(0.25);
  });

  test("what overflows is computed in float32", () => {
    const shift = (values: readonly number[]) => line(values.map((x) => x + 1000));
    const [real, fake] = [
      [0, 1, 2, 3, 4],
      [0.5, 7, 20, 30, 40],
    ];
    // 1000^2 is no number in float16; in float32 these distances are exact.
    expect(admManifold(shift(real!), shift(fake!))).toEqual({
      precision: manifold(shift(real!), shift(fake!), 3).precision,
      recall: manifold(shift(real!), shift(fake!), 3).recall,
    });
  });
});
