import { describe, expect, it } from "vitest";
import { position, stepLabels, ticks, valueLabels } from "./ticks";

describe("ticks", () => {
  it("are round numbers inside a linear range", () => {
    expect(ticks([0, 1], "linear", 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks([0, 12_345], "linear", 6)).toEqual([0, 2500, 5000, 7500, 10_000]);
    expect(ticks([-0.3, 0.1], "linear", 4)).toEqual([-0.3, -0.2, -0.1, 0, 0.1]);
  });

  it("follow the decades of a log range", () => {
    expect(ticks([0.02, 1.2], "log", 6)).toEqual([0.02, 0.05, 0.1, 0.2, 0.5, 1]);
    expect(ticks([1e-4, 1], "log", 6)).toEqual([1e-4, 1e-3, 1e-2, 1e-1, 1]);
    expect(ticks([1e-9, 1], "log", 5)).toEqual([1e-8, 1e-6, 1e-4, 1e-2, 1]);
    expect(ticks([0.04, 0.05], "log", 5).length).toBeGreaterThan(2);
  });

  it("never fail to end, however odd the range", () => {
    for (const range of [
      [0, 1e-300],
      [0, 1e300],
      [1, 1 + 1e-9],
    ] as const)
      expect(ticks(range, "linear").length).toBeLessThan(20);
  });
});

describe("position", () => {
  it("is the share of the way along the axis", () => {
    expect(position(5, [0, 10], "linear")).toBe(0.5);
    expect(position(0.1, [0.01, 1], "log")).toBeCloseTo(0.5);
  });
});

describe("labels", () => {
  it("share one unit", () => {
    expect(stepLabels([0, 250, 500])).toEqual(["0", "250", "500"]);
    expect(stepLabels([0, 2500, 5000, 10_000])).toEqual(["0", "2.5k", "5k", "10k"]);
    expect(stepLabels([0, 500_000, 1e6])).toEqual(["0", "0.5M", "1M"]);
    expect(valueLabels([0, 0.5, 1])).toEqual(["0", "0.5", "1"]);
    expect(valueLabels([0, 5e-4, 1e-3])).toEqual(["0", "5e-4", "1e-3"]);
    expect(valueLabels([500, 20_000])).toEqual(["500", "20 k"]);
  });
});
