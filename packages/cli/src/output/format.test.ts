import { describe, expect, it } from "vitest";
import { formatDuration } from "./duration";
import { formatCount, formatShort, formatValue } from "./formatNumber";

describe("numbers for people", () => {
  it("durations", () => {
    const seconds = [0, 0.84, 9.96, 42.4, 59.6, 200, 3599.7, 7500, 86_399, 273_600, Number.NaN];
    expect(seconds.map(formatDuration)).toEqual([
      "0 s",
      "0.8 s",
      "10 s",
      "42 s",
      "1 min",
      "3 min 20 s",
      "1 h",
      "2 h 5 min",
      "1 d",
      "3 d 4 h",
      "unknown",
    ]);
  });

  it("counts and measured values", () => {
    expect([1234567, 12].map(formatCount)).toEqual(["1,234,567", "12"]);
    expect([32_945_024, 675_129_632, 1234, 12_345, 0.5, 2.5e9].map(formatShort)).toEqual([
      "32.9 M",
      "675 M",
      "1,234",
      "12.3 k",
      "0.5",
      "2.5 G",
    ]);
    expect([0.04321, 0.000132, 0, 12.345, 1234.5, 250_000, Number.NaN].map((v) => formatValue(v))).toEqual([
      "0.0432",
      "1.32e-4",
      "0",
      "12.3",
      "1,235",
      "2.50e5",
      "NaN",
    ]);
  });
});
