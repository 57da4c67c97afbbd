import fc from "fast-check";
import { expect, test } from "vitest";
import { naturalLog } from "./naturalLog";

test("agrees with Math.log to 1e-15 of the result", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true }), (x) => {
      const expected = Math.log(x);
      expect(Math.abs(naturalLog(x) - expected)).toBeLessThanOrEqual(1e-15 * Math.abs(expected));
    }),
    { numRuns: 2000 },
  );
});

test("stays accurate around 1 and around the octave borders", () => {
  for (let i = 0; i < 4000; i++) {
    for (const x of [1 + (i - 2000) * 1e-9, 0.5 + i / 2000, Math.SQRT2 + (i - 2000) * 2 ** -52, (i + 0.5) / 2 ** 32]) {
      const expected = Math.log(x);
      expect(Math.abs(naturalLog(x) - expected)).toBeLessThanOrEqual(1e-15 * Math.abs(expected));
    }
  }
});

test("special values are those of Math.log", () => {
  for (const x of [0, -0, 1, -1, Infinity, -Infinity, Number.NaN]) expect(naturalLog(x)).toBe(Math.log(x));
  expect(naturalLog(Number.MIN_VALUE)).toBeCloseTo(Math.log(Number.MIN_VALUE), 12);
});
