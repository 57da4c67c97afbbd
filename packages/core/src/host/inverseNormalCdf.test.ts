import fc from "fast-check";
import { expect, test } from "vitest";
import { inverseNormalCdf } from "./inverseNormalCdf";

// Check values printed in AS 241, then values of Python 3.11's statistics.NormalDist().inv_cdf.
test.each([
  [0.25, -0.6744897501960817],
  [0.001, -3.090232306167814],
  [1e-20, -9.262340089798409],
  [0.975, 1.959963984540054],
  [0.07, -1.4757910281791702],
  [1e-9, -5.997807015007687],
  [2 ** -33, -6.337957754553789],
  [1e-300, -37.0470962993612],
])("quantile of %d", (p, z) => {
  expect(Math.abs(inverseNormalCdf(p) / z - 1)).toBeLessThan(1e-15);
});

test("the median, the ends and beyond", () => {
  expect(inverseNormalCdf(0.5)).toBe(0);
  expect(inverseNormalCdf(0)).toBe(-Infinity);
  expect(inverseNormalCdf(1)).toBe(Infinity);
  expect(inverseNormalCdf(-0.1)).toBeNaN();
  expect(inverseNormalCdf(1.1)).toBeNaN();
});

test("is odd around the median and rises", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 31 - 2 }), (k) => {
      const p = (k + 0.5) / 2 ** 32;
      expect(inverseNormalCdf(1 - p)).toBe(-inverseNormalCdf(p));
      expect(inverseNormalCdf(p + 2 ** -32)).toBeGreaterThan(inverseNormalCdf(p));
    }),
  );
});

test("the three pieces meet", () => {
  for (const border of [0.075, Math.exp(-25)]) {
    const step = inverseNormalCdf(border * (1 + 1e-15)) - inverseNormalCdf(border * (1 - 1e-15));
    expect(Math.abs(step)).toBeLessThan(1e-14);
  }
});
