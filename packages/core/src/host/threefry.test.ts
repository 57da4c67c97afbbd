import { describe, expect, test } from "vitest";
import { threefry2x32 } from "./threefry";

// `threefry2x32 20` of kat_vectors in Random123: counter, key, result.
const knownAnswers = [
  { counter: [0, 0], key: [0, 0], words: [0x6b200159, 0x99ba4efe] },
  { counter: [0xffffffff, 0xffffffff], key: [0xffffffff, 0xffffffff], words: [0x1cb996fc, 0xbb002be7] },
  { counter: [0x243f6a88, 0x85a308d3], key: [0x13198a2e, 0x03707344], words: [0xc4923a9c, 0x483df7a0] },
] as const;

describe("threefry2x32", () => {
  test.each(knownAnswers)("known answer for key $key", ({ counter, key, words }) => {
    const out = new Uint32Array(4);
    threefry2x32(key[0], key[1], counter[0], counter[1], out, 1);
    expect([...out]).toEqual([0, ...words, 0]);
  });
});
