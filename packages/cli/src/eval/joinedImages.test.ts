import type { ImageSource } from "@dit/eval-fid";
import { expect, test } from "vitest";
import { evenlySpaced, joinedImages } from "./joinedImages";

/** One pixel an image: its number; a class to ten of them. */
const numbered = (from: number, count: number): ImageSource => ({
  name: "numbers",
  count,
  batches: async function* (size, first = 0) {
    for (let at = first; at < count; at += size) {
      const n = Math.min(size, count - at);
      const data = Uint8Array.from({ length: n }, (_, i) => from + at + i);
      const labels = Int32Array.from(data, (x) => Math.floor(x / 10));
      yield { count: n, height: 1, width: 1, channels: 1, data, labels };
    }
  },
});

async function pixels(source: ImageSource, size: number, first?: number): Promise<number[]> {
  const all: number[] = [];
  for await (const { data, labels, count } of source.batches(size, first)) {
    expect([data.length, [...labels!]]).toEqual([count, [...data].map((x) => Math.floor(x / 10))]);
    all.push(...data);
  }
  return all;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test("parts follow each other, from any image on", async () => {
  const joined = joinedImages("all", [numbered(0, 7), numbered(7, 0), numbered(7, 13)]);
  expect(joined.count).toBe(20);
  for (const first of [0, 3, 7, 12, 19, 20]) expect(await pixels(joined, 4, first)).toEqual(range(first, 20));
});

test("images evenly spaced keep the shares of classes, from any image on", async () => {
  const spaced = evenlySpaced(numbered(0, 100), 20);
  const chosen = range(0, 20).map((i) => i * 5);
  for (const first of [0, 1, 13, 20]) expect(await pixels(spaced, 7, first)).toEqual(chosen.slice(first));
  expect(evenlySpaced(numbered(0, 5), 20).count).toBe(5);
});
