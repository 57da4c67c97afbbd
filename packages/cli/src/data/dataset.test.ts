import { describe, expect, it } from "vitest";
import { type Dataset, split } from "./dataset";
import { memoryDataset } from "./memoryDataset";

function toy(size: number): Dataset {
  return memoryDataset({
    name: "toy",
    classNames: ["a", "b"],
    imageShape: [1, 1, 2],
    flip: true,
    pixels: Uint8Array.from({ length: size * 2 }, (_, i) => i),
    labels: Uint8Array.from({ length: size }, (_, i) => i % 2),
  });
}

/** Which images a part holds, told by their first pixel. */
function members(part: Dataset): number[] {
  const out = new Float32Array(2);
  return Array.from({ length: part.size }, (_, i) => {
    part.read(i, out, 0);
    return Math.round(((out[0]! + 1) * 127.5) / 2);
  });
}

describe("memoryDataset", () => {
  it("maps bytes to [-1, 1] and writes at the offset", () => {
    const data = memoryDataset({
      name: "two",
      classNames: ["x"],
      imageShape: [1, 1, 2],
      flip: false,
      pixels: Uint8Array.of(0, 255, 127, 128),
      labels: Uint8Array.of(0, 0),
    });
    const out = new Float32Array(5).fill(9);
    data.read(1, out, 1);
    data.read(0, out, 3);
    expect(out[0]).toBe(9);
    expect(Array.from(out.subarray(3))).toEqual([-1, 1]);
    expect(out[1]).toBeCloseTo(-1 / 255, 6);
    expect(out[2]).toBeCloseTo(1 / 255, 6);
    expect(() => data.label(2)).toThrow("out of range");
  });

  it("has a fingerprint that follows the content", () => {
    expect(toy(10).fingerprint).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(toy(10).fingerprint).toBe(toy(10).fingerprint);
    expect(toy(10).fingerprint).not.toBe(toy(11).fingerprint);
  });
});

describe("split", () => {
  it("divides without overlap and without loss", () => {
    const { train, validation } = split(toy(100), 0.1, 7);
    expect([train.size, validation.size]).toEqual([90, 10]);
    expect([...members(train), ...members(validation)].sort((a, b) => a - b)).toEqual(Array.from(Array(100).keys()));
    expect(validation.label(3)).toBe(members(validation)[3]! % 2);
  });

  it("depends on the seed alone", () => {
    const first = members(split(toy(100), 0.1, 1).validation);
    expect(members(split(toy(100), 0.1, 1).validation)).toEqual(first);
    expect(members(split(toy(100), 0.1, 2).validation)).not.toEqual(first);
    expect(members(split(toy(100), 0.1, 1 + 2 ** 40).validation)).not.toEqual(first);
    // A fixed vector: a changed split would silently change what every validation loss means.
    expect(first).toEqual([23, 42, 44, 45, 66, 68, 76, 85, 89, 98]);
  });

  it("nests: a larger fraction holds out what a smaller one does, and more", () => {
    const small = members(split(toy(100), 0.05, 3).validation);
    expect(members(split(toy(100), 0.2, 3).validation)).toEqual(expect.arrayContaining(small));
  });

  it("gives both parts fingerprints of their own", () => {
    const { train, validation } = split(toy(10), 0.2, 1);
    expect(new Set([toy(10).fingerprint, train.fingerprint, validation.fingerprint]).size).toBe(3);
  });

  it("holds out nothing at 0, at least one image above, and never everything", () => {
    expect(split(toy(10), 0, 1).validation.size).toBe(0);
    expect(split(toy(10), 0.001, 1).validation.size).toBe(1);
    expect(() => split(toy(1), 0.5, 1)).toThrow(/leaves none to train on/);
    expect(() => split(toy(10), 1, 1)).toThrow(/allowed: a fraction/);
  });
});
