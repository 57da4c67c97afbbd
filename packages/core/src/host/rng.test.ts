import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fnv1a } from "./fnv1a";
import { permutation, type StreamKey, uniform, uniformBits, uniformInts } from "./rng";
import { threefry2x32 } from "./threefry";

const key: StreamKey = { seed: 0, stream: "noise", step: 0, sample: 0 };
const anyKey = fc.record({
  seed: fc.maxSafeNat(),
  stream: fc.string({ maxLength: 12 }),
  step: fc.nat(),
  sample: fc.nat(),
});

describe("the public layout (vectors from a separate Python implementation)", () => {
  test("words", () => {
    expect([...uniformBits(key, 8)]).toEqual([
      0x0c3d13e7, 0x42a9b265, 0x29bac8c6, 0x3efb87e8, 0x5e5d5a87, 0xe503d4b4, 0x9ae1ed21, 0x1274bdce,
    ]);
    const far = { seed: Number.MAX_SAFE_INTEGER, stream: "dataOrder", step: 2 ** 31, sample: 7 };
    expect([...uniformBits(far, 4)]).toEqual([0x1fa27ae2, 0x2f3a0837, 0x7be395ac, 0x0c0ec58e]);
  });

  test("uniform", () => {
    expect([...uniform(key, 3)]).toEqual([0.04780691862106323, 0.2604018449783325, 0.16300630569458008]);
  });

  test("uniformInts", () => {
    const timesteps = { ...key, stream: "timestep" };
    expect([...uniformInts(timesteps, 8, 1000)]).toEqual([25, 7, 18, 664, 650, 337, 305, 435]);
    expect([...uniformInts(timesteps, 4, 2 ** 31 - 1)]).toEqual([55193286, 17177159, 39211903, 1426015205]);
  });

  test("permutation", () => {
    expect([...permutation({ ...key, stream: "dataOrder" }, 10)]).toEqual([5, 4, 8, 0, 2, 3, 7, 1, 9, 6]);
  });

  test("is the documented composition of Threefry and FNV-1a", () => {
    fc.assert(
      fc.property(anyKey, fc.nat({ max: 40 }), (k, index) => {
        const subkey = new Uint32Array(2);
        threefry2x32(k.seed % 2 ** 32, Math.floor(k.seed / 2 ** 32), k.step, k.sample, subkey, 0);
        const block = new Uint32Array(2);
        threefry2x32(subkey[0]!, subkey[1]!, index >> 1, fnv1a(k.stream), block, 0);
        expect(uniformBits(k, index + 1)[index]).toBe(block[index & 1]);
      }),
    );
  });
});

test("a longer draw begins with the shorter one, odd lengths included", () => {
  fc.assert(
    fc.property(anyKey, fc.nat({ max: 33 }), fc.nat({ max: 33 }), (k, shorter, more) => {
      expect(uniformBits(k, shorter + more).subarray(0, shorter)).toEqual(uniformBits(k, shorter));
    }),
  );
});

test("each part of the key changes the words", () => {
  const keys: StreamKey[] = [
    key,
    { ...key, seed: 1 },
    { ...key, seed: 2 ** 32 },
    { ...key, step: 1 },
    { ...key, sample: 1 },
    ...["timestep", "labelDropout", "dataOrder", "init"].map((stream) => ({ ...key, stream })),
  ];
  const words = keys.flatMap((k) => [...uniformBits(k, 64)]);
  // 576 words of 32 bits coincide with a chance of 1 in 26,000; this fixed set does not.
  expect(new Set(words).size).toBe(words.length);
});

test("uniform stays in [0, 1) with the mean and variance of a uniform", () => {
  const draws = uniform(key, 100_000);
  const mean = draws.reduce((sum, u) => sum + u, 0) / draws.length;
  const variance = draws.reduce((sum, u) => sum + (u - mean) ** 2, 0) / draws.length;
  expect(draws.every((u) => u >= 0 && u < 1)).toBe(true);
  expect(mean).toBeCloseTo(0.5, 2);
  expect(variance).toBeCloseTo(1 / 12, 2);
});

test("uniformInts is the upper part of an exact 64-bit product", () => {
  fc.assert(
    fc.property(anyKey, fc.integer({ min: 1, max: 2 ** 31 - 1 }), (k, bound) => {
      const words = uniformBits(k, 8);
      const expected = [0, 1, 2, 3].map((i) => {
        const draw = (BigInt(words[2 * i]!) << 32n) | BigInt(words[2 * i + 1]!);
        return Number((draw * BigInt(bound)) >> 64n);
      });
      expect([...uniformInts(k, 4, bound)]).toEqual(expected);
    }),
  );
});

test("uniformInts reaches every value equally often", () => {
  const counts = new Array<number>(10).fill(0);
  for (const i of uniformInts(key, 100_000, 10)) counts[i]!++;
  const chiSquare = counts.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0);
  expect(chiSquare).toBeLessThan(27.9); // 99.9 % point for 9 degrees of freedom
});

test("permutation holds every index once", () => {
  fc.assert(
    fc.property(anyKey, fc.nat({ max: 200 }), (k, length) => {
      expect([...permutation(k, length)].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
    }),
  );
});

test("all orders of three are equally likely", () => {
  const counts = new Map<string, number>();
  for (let step = 0; step < 6000; step++) {
    const order = permutation({ ...key, step }, 3).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
  expect(counts.size).toBe(6);
  expect(chiSquare).toBeLessThan(20.5); // 99.9 % point for 5 degrees of freedom
});

test.each([
  [{ ...key, seed: -1 }, "seed must be an integer from 0 to 9007199254740991, got -1"],
  [{ ...key, seed: 0.5 }, "seed must be"],
  [{ ...key, step: 2 ** 32 }, "step must be an integer from 0 to 4294967295, got 4294967296"],
  [{ ...key, sample: Number.NaN }, "sample must be"],
])("rejects %o", (bad, message) => {
  expect(() => uniformBits(bad, 1)).toThrow(message);
});

test("rejects a bound or count out of range", () => {
  expect(() => uniformInts(key, 1, 0)).toThrow("bound must be an integer from 1 to 2147483647, got 0");
  expect(() => uniformInts(key, 1, 2 ** 31)).toThrow("bound must be");
  expect(() => uniform(key, -1)).toThrow("count must be");
});
