import { expect, test } from "vitest";
import { emptyMeter } from "../run/meter";
import type { CheckpointEntry } from "./checkpoint";
import { bestOf, superfluous } from "./retention";

const entry = (step: number, validationLoss?: number | null): CheckpointEntry => ({
  ...{ step, path: `step-${step}`, seconds: step, meter: emptyMeter, data: "x" },
  ...(validationLoss === undefined ? {} : { validationLoss }),
});
const stepsOf = (entries: readonly CheckpointEntry[]) => entries.map(({ step }) => step);

test("all may go but the newest, every so many, and the best", () => {
  const entries = [entry(10, 0.3), entry(20, 0.1), entry(30), entry(40, 0.2), entry(50, 0.2)];
  expect(stepsOf(superfluous(entries, { keepLast: 1, keepEvery: null, best: true }))).toEqual([10, 30, 40]);
  expect(stepsOf(superfluous(entries, { keepLast: 2, keepEvery: 30, best: false }))).toEqual([10, 20]);
});

// A checkpoint's file says null for what is no number.
test.each([null, Number.NaN, Number.POSITIVE_INFINITY])("a loss of %j is never the best", (diverged) => {
  const entries = [entry(10, 0.2), entry(20, diverged), entry(30, diverged)];
  expect(bestOf(entries)?.step).toBe(10);
  expect(stepsOf(superfluous(entries, { keepLast: 1, keepEvery: null, best: true }))).toEqual([20]);
});
