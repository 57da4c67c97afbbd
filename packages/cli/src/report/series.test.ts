import { describe, expect, it } from "vitest";
import { envelope, extent, type Point, pointsOf, quantile, smooth, thin } from "./series";

const curve = (n: number, value: (i: number) => number): Point[] => Array.from({ length: n }, (_, i) => [i, value(i)]);

describe("series", () => {
  it("takes the finite values of a column", () => {
    const metrics = [
      { step: 1, loss: 1, seconds: 0 },
      { step: 2, loss: Number.NaN, seconds: 0, validationLoss: 3 },
      { step: 3, loss: 2, seconds: 0 },
    ];
    expect(pointsOf(metrics, "loss")).toEqual([
      [1, 1],
      [3, 2],
    ]);
    expect(pointsOf(metrics, "validationLoss")).toEqual([[2, 3]]);
  });

  it("smooths noise away without trailing behind", () => {
    expect(smooth([])).toEqual([]);
    expect(smooth([[5, 2]])).toEqual([[5, 2]]);
    const line = smooth(curve(600, (i) => 100 - i / 10 + (i % 2 ? 5 : -5)));
    expect(line).toHaveLength(600);
    // On the slope itself, not above it, and with a tenth of the noise.
    for (const i of [100, 300, 500]) expect(Math.abs(line[i]![1] - (100 - i / 10))).toBeLessThan(0.5);
    // A steep start stays steep.
    expect(smooth(curve(600, (i) => Math.exp(-i / 5)))[0]![1]).toBe(1);
  });

  it("thins evenly, ends included", () => {
    expect(thin([1, 2, 3], 5)).toEqual([1, 2, 3]);
    const kept = thin(Array.from(Array(1001).keys()), 11);
    expect(kept).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  });

  it("keeps spikes in the envelope", () => {
    const kept = envelope(
      curve(10_000, (i) => (i === 4321 ? 9 : i === 777 ? -9 : 0)),
      100,
    );
    expect(kept.length).toBeLessThanOrEqual(100);
    expect(kept).toEqual(
      expect.arrayContaining([
        [4321, 9],
        [777, -9],
      ]),
    );
    expect(kept.map((point) => point[0])).toEqual([...kept.map((point) => point[0])].sort((a, b) => a - b));
  });

  it("finds quantiles and extremes of long runs", () => {
    const points = curve(300_000, (i) => i);
    expect(quantile(points, 0.5)).toBe(150_000);
    expect(quantile([], 0.5)).toBeNaN();
    expect(extent(points.map((point) => point[1]))).toEqual([0, 299_999]);
  });
});
