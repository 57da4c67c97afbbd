import fc from "fast-check";
import { expect, test } from "vitest";
import { inverseNormalCdf } from "./inverseNormalCdf";
import { fillNormal, normal } from "./normal";
import { type StreamKey, uniformBits } from "./rng";

const key: StreamKey = { seed: 0, stream: "noise", step: 0, sample: 0 };

test("the public test vector (from a separate Python implementation)", () => {
  expect([...normal(key, 8)]).toEqual([
    -1.6664996147155762, -0.6421069502830505, -0.9821768999099731, -0.6870501637458801, -0.3355318307876587,
    1.251312255859375, 0.26633623242378235, -1.4603726863861084,
  ]);
});

test("one word per normal, across the borders of chunks", () => {
  const bits = uniformBits(key, 5001);
  const expected = Float32Array.from(bits, (word) => inverseNormalCdf((word + 0.5) / 2 ** 32));
  expect(normal(key, 5001)).toEqual(expected);
});

test("moments of 200,000 normals", () => {
  const draws = normal({ ...key, seed: 7 }, 200_000);
  const moment = (order: number) => draws.reduce((sum, z) => sum + z ** order, 0) / draws.length;
  const standardError = (variance: number) => Math.sqrt(variance / draws.length);
  expect(Math.abs(moment(1))).toBeLessThan(4 * standardError(1));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * standardError(2));
  expect(Math.abs(moment(3))).toBeLessThan(4 * standardError(15));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * standardError(96));
});

test("samples are not correlated with their neighbours", () => {
  const count = 4096;
  let product = 0;
  for (let sample = 0; sample < 16; sample++) {
    const a = normal({ ...key, sample }, count);
    const b = normal({ ...key, sample: sample + 1 }, count);
    for (let i = 0; i < count; i++) product += a[i]! * b[i]!;
  }
  expect(Math.abs(product) / Math.sqrt(16 * count)).toBeLessThan(4);
});

test("fillNormal writes only its own part", () => {
  fc.assert(
    fc.property(fc.nat({ max: 20 }), fc.nat({ max: 20 }), fc.nat({ max: 5 }), (offset, count, after) => {
      const out = new Float32Array(offset + count + after);
      fillNormal(key, out, offset, count);
      expect(out.subarray(offset, offset + count)).toEqual(normal(key, count));
      expect(out.subarray(0, offset).every((z) => z === 0)).toBe(true);
      expect(out.subarray(offset + count).every((z) => z === 0)).toBe(true);
    }),
  );
});

test("fillNormal refuses an array that is too short", () => {
  expect(() => fillNormal(key, new Float32Array(4), 2, 3)).toThrow("3 normals do not fit at offset 2 of an array of 4");
});
