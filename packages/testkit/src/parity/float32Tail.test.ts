import { expect, test } from "vitest";
import { likelyMiss } from "./float32Tail";

const values = (...data: number[]) => ({ shape: [data.length], data });

test("what float32 is likely to miss of a bound is that of its smallest probabilities", () => {
  const likely = (...probabilities: number[]) => ({
    bits: values(2, 4),
    logLikelihood: values(...probabilities.map(Math.log)),
  });
  expect(likelyMiss(likely(0.5, 0.5, 0.5, 0.5), 0)).toBeLessThan(1e-6);
  const small = likely(0.5, 1e-8, 0.5, 0.5);
  expect(likelyMiss(small, 1)).toBeLessThan(1e-6);
  // One of two probabilities may come out as the floor: log(6e-8 / 1e-12) nats.
  const nats = Math.log(6e4);
  expect(likelyMiss(small, 0)).toBeCloseTo((3 * nats) / Math.sqrt(3) / 2 / Math.LN2 / 4, 6);
  expect(likelyMiss(likely(0.5, 1e-13, 0.5, 0.5), 0)).toBeLessThan(1e-6);
});
