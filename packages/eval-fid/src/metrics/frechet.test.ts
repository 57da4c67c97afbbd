import { normal } from "@dit/core";
import { describe, expect, test } from "vitest";
import { scriptTile } from "../algebra/tile";
import { featureRows } from "../statistics/featureRows";
import { frechetDistance, gaussian, gaussianOf } from "./frechet";

const diagonal = (values: readonly number[]) => {
  const n = values.length;
  return Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? values[at / (n + 1)]! : 0));
};
const rows = (count: number, width: number, sample: number) =>
  featureRows(normal({ seed: 1, stream: "frechet", step: 0, sample }, count * width), width);

describe("the distance", () => {
  test("of diagonal covariances is that of the standard deviations", () => {
    const [a, b] = [
      [4, 9, 0, 1],
      [1, 16, 25, 0],
    ];
    const [ma, mb] = [Float64Array.of(1, 0, 0, 2), Float64Array.of(0, 0, 3, 2)];
    const expected = 1 + 9 + a!.reduce((sum, x, i) => sum + (Math.sqrt(x) - Math.sqrt(b![i]!)) ** 2, 0);
    const found = frechetDistance(gaussian(ma, diagonal(a!)), gaussian(mb, diagonal(b!)));
    expect(found.distance).toBeCloseTo(expected, 12);
    expect([found.rankReal, found.rankFake]).toEqual([3, 3]);
  });

  test("is the same in both directions, for sets of different rank too", () => {
    const [a, b] = [gaussianOf(rows(20, 30, 0)), gaussianOf(rows(50, 30, 1))];
    const [there, back] = [frechetDistance(a, b).distance, frechetDistance(b, a).distance];
    expect(there).toBeGreaterThan(1);
    expect(back).toBeCloseTo(there, 9);
  });

  test("of a set to itself is 0, whether there are enough rows or not", () => {
    for (const count of [200, 12, 2]) {
      const { distance, unclamped } = frechetDistance(gaussianOf(rows(count, 24, 2)), gaussianOf(rows(count, 24, 2)));
      expect(Math.abs(unclamped)).toBeLessThan(1e-10);
      expect(distance).toBeGreaterThanOrEqual(0);
    }
  });

  test("of constant images is that of the means and the other's variance", () => {
    const constant = gaussianOf(featureRows(new Float32Array(40).fill(3), 4));
    const other = gaussianOf(rows(10, 4, 3));
    const { distance, meanTerm, traceFake } = frechetDistance(constant, other);
    expect(distance).toBeCloseTo(meanTerm + traceFake, 12);
  });

  test("is no other when features are added that never vary, whatever the blocks", () => {
    const [count, width, wider] = [330, 270, 400];
    const widened = ({ data }: ReturnType<typeof rows>) => {
      const out = new Float32Array(count * wider);
      for (let i = 0; i < count; i++) out.set(data.subarray(i * width, (i + 1) * width), i * wider + (wider - width));
      return gaussianOf(featureRows(out, wider));
    };
    const [a, b] = [rows(count, width, 6), rows(count, width, 7)];
    const found = frechetDistance(widened(a), widened(b));
    expect(found.rankReal).toBe(width);
    expect(found.distance).toBeCloseTo(frechetDistance(gaussianOf(a), gaussianOf(b)).distance, 9);
  });

  test("does not depend on which kernel multiplies", () => {
    const [a, b] = [rows(100, 70, 4), rows(100, 70, 5)];
    const slow = frechetDistance(gaussianOf(a, scriptTile()), gaussianOf(b, scriptTile()), scriptTile());
    expect(frechetDistance(gaussianOf(a), gaussianOf(b))).toEqual(slow);
  });
});

test("what has no distance is one clear line", () => {
  expect(() => gaussianOf(rows(1, 4, 0))).toThrow("a covariance needs at least 2 images, there is 1");
  expect(() => gaussian(Float64Array.of(1), Float64Array.of(Number.NaN))).toThrow("must be finite");
  expect(() => gaussian(Float64Array.of(1), new Float64Array(4))).toThrow("do not belong together");
  expect(() => frechetDistance(gaussianOf(rows(9, 4, 0)), gaussianOf(rows(9, 5, 0)))).toThrow(
    "has 4 features, the samples have 5",
  );
  expect(() => featureRows(Float32Array.of(1, 2, Number.NaN), 3)).toThrow("feature 2 of image 0 is NaN");
});
