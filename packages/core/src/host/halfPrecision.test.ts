import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bf16ArrayToF32,
  bf16ToF32,
  f16ArrayToF32,
  f16ToF32,
  f32ArrayToBf16,
  f32ArrayToF16,
  f32ToBf16,
  f32ToF16,
  roundToBf16,
  roundToF16,
} from "./halfPrecision";

const allPatterns = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** The bit pattern nearest to a positive `value` by search, ties to even: `toFloat` rises over 0..`infinity`. */
function nearestPattern(value: number, toFloat: (bits: number) => number, infinity: number, maxPlus1: number): number {
  // Infinity stands where the next number would.
  const at = (bits: number) => (bits === infinity ? maxPlus1 : toFloat(bits));
  if (value >= maxPlus1) return infinity;
  let low = 0;
  let high = infinity;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at(middle) <= value) low = middle;
    else high = middle;
  }
  const below = value - at(low);
  const above = at(high) - value;
  return below < above || (below === above && low % 2 === 0) ? low : high;
}

const positive32 = fc.float({ min: 0, noNaN: true, noDefaultInfinity: true });

describe("f16", () => {
  test.each([
    [0x0000, 0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0400, 2 ** -14],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x3555, 0.333251953125],
  ])("pattern %i is %d", (bits, value) => {
    expect(f16ToF32(bits)).toBe(value);
    expect(f32ToF16(value)).toBe(bits);
  });

  test("every pattern survives widening and narrowing; NaNs become quiet and keep their payload", () => {
    const back = f32ArrayToF16(f16ArrayToF32(allPatterns));
    for (let bits = 0; bits < 65536; bits++) {
      const isNaN16 = (bits & 0x7fff) > 0x7c00;
      if (back[bits] !== (isNaN16 ? bits | 0x200 : bits)) expect.fail(`pattern ${bits} became ${back[bits]}`);
    }
  });

  test("ties go to even, overflow to infinity, tiny values to zero", () => {
    expect(f32ToF16(1 + 2 ** -11)).toBe(0x3c00);
    expect(f32ToF16(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(f32ToF16(65519.996)).toBe(0x7bff);
    expect(f32ToF16(65520)).toBe(0x7c00);
    expect(f32ToF16(2 ** -25)).toBe(0);
    expect(f32ToF16(2 ** -25 * (1 + 2 ** -23))).toBe(1);
    expect(f32ToF16(3 * 2 ** -25)).toBe(2);
    expect(f32ToF16(2 ** -14 - 2 ** -26)).toBe(0x0400);
    expect(f32ToF16(-0)).toBe(0x8000);
    expect(f16ToF32(0x8000)).toBe(-0);
    expect(f32ToF16(Number.NaN) & 0x7fff).toBe(0x7e00);
  });

  test("narrowing picks the nearest pattern", () => {
    const near = fc.tuple(fc.nat({ max: 0x7bff }), fc.double({ min: 0, max: 1, noNaN: true }));
    const within = near.map(([bits, x]) => Math.fround(f16ToF32(bits) * (1 + x * 2 ** -10) + x * 2 ** -24));
    fc.assert(
      fc.property(fc.oneof(within, positive32), (value) => {
        const expected = nearestPattern(value, f16ToF32, 0x7c00, 65536);
        expect(f32ToF16(value)).toBe(expected);
        expect(f32ToF16(-value)).toBe(0x8000 | expected);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("bf16", () => {
  test.each([
    [0x0000, 0],
    [0x3f80, 1],
    [0xc000, -2],
    [0x4049, 3.140625],
    [0x7f80, Infinity],
    [0x0001, 2 ** -133],
  ])("pattern %i is %d", (bits, value) => {
    expect(bf16ToF32(bits)).toBe(value);
    expect(f32ToBf16(value)).toBe(bits);
  });

  test("every pattern survives widening and narrowing; NaNs become quiet and keep their payload", () => {
    const back = f32ArrayToBf16(bf16ArrayToF32(allPatterns));
    for (let bits = 0; bits < 65536; bits++) {
      const isNaN16 = (bits & 0x7fff) > 0x7f80;
      if (back[bits] !== (isNaN16 ? bits | 0x40 : bits)) expect.fail(`pattern ${bits} became ${back[bits]}`);
    }
  });

  test("ties go to even, overflow to infinity", () => {
    expect(f32ToBf16(1 + 2 ** -8)).toBe(0x3f80);
    expect(f32ToBf16(1 + 3 * 2 ** -8)).toBe(0x3f82);
    expect(f32ToBf16(3.4028234663852886e38)).toBe(0x7f80);
    expect(f32ToBf16(-3.4028234663852886e38)).toBe(0xff80);
    expect(f32ToBf16(Number.NaN) & 0x7fff).toBe(0x7fc0);
  });

  test("narrowing picks the nearest pattern", () => {
    fc.assert(
      fc.property(positive32, (value) => {
        const expected = nearestPattern(value, bf16ToF32, 0x7f80, 2 ** 128);
        expect(f32ToBf16(value)).toBe(expected);
        expect(f32ToBf16(-value)).toBe(0x8000 | expected);
      }),
      { numRuns: 1000 },
    );
  });
});

test("array forms agree with the scalar ones on a view at an offset", () => {
  const values = Float32Array.of(9, 1.1, -0.3, 1e-7, 1e9).subarray(1);
  expect([...f32ArrayToF16(values)]).toEqual([...values].map(f32ToF16));
  expect([...f32ArrayToBf16(values)]).toEqual([...values].map(f32ToBf16));
  expect([...f16ArrayToF32(Uint16Array.of(1, 2, 3))]).toEqual([1, 2, 3].map(f16ToF32));
  expect([...bf16ArrayToF32(Uint16Array.of(1, 2, 3))]).toEqual([1, 2, 3].map(bf16ToF32));
});

describe("rounding float64 in one go", () => {
  const formats = [
    ["f16", roundToF16, f16ToF32, 0x7c00],
    ["bf16", roundToBf16, bf16ToF32, 0x7f80],
  ] as const;

  test.each(formats)("%s: goes to the nearest value, from half-way to the even one", (_, round, decode, above) => {
    for (let bits = 0; bits < above - 1; bits++) {
      const [low, high] = [decode(bits), decode(bits + 1)];
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? low : high;
      const nudge = (high - low) * 2 ** -30;
      const seen = [low, middle - nudge, middle, middle + nudge, high, -middle].map(round);
      if (!seen.every((x, i) => x === [low, low, even, high, high, -even][i])) expect({ bits, seen }).toBe("nearest");
    }
  });

  test("does not round twice: by way of float32 this would be a tie, and go down", () => {
    const value = 1 + 2 ** -11 + 2 ** -40;
    expect(f16ToF32(f32ToF16(value))).toBe(1);
    expect(roundToF16(value)).toBe(1 + 2 ** -10);
  });

  test.each(formats)(
    "%s: overflows where the next value would be nearer, keeps zeros and NaN",
    (_, round, decode, above) => {
      const largest = decode(above - 1);
      const limit = largest + (largest - decode(above - 2)) / 2;
      expect([limit, -limit, limit * (1 - 2 ** -40), Infinity, -Infinity].map(round)).toEqual([
        Infinity,
        -Infinity,
        largest,
        Infinity,
        -Infinity,
      ]);
      expect(round(Number.NaN)).toBeNaN();
      expect(Object.is(round(-0), -0)).toBe(true);
      expect(Object.is(round(-1e-300), -0)).toBe(true);
    },
  );
});
