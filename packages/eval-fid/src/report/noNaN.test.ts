import { normal } from "@dit/core";
import { describe, expect, test } from "vitest";
import { featureRows } from "../statistics/featureRows";
import { type EvaluateOptions, evaluate, type Side } from "./evaluate";
import { metricNames } from "./metrics";

const widths = { features: 6, spatial: 4, logits: 5 };

/** A set whose image i has the features `value(i, ...)`, and class i mod `classes`. */
function side(name: string, count: number, value: (x: number, i: number) => number, classes = 2): Side {
  const rows = Object.fromEntries(
    Object.entries(widths).map(([kind, width]) => {
      const drawn = normal({ seed: 0, stream: name, step: 0, sample: 0 }, count * width);
      const data = drawn.map((x, i) => value(x, Math.floor(i / width)));
      return [kind, featureRows(data, width)];
    }),
  );
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  return { name, count, set: { count, rows, labels } };
}

const drawn = (x: number) => x;
const real = side("real", 60, drawn);
const sets: readonly (readonly [string, Side, Side])[] = [
  ["images as usual", real, side("fake", 50, drawn)],
  ["no samples", real, side("none", 0, drawn)],
  ["no reference", side("none", 0, drawn), real],
  ["one sample", real, side("one", 1, drawn)],
  ["one image each", side("a", 1, drawn), side("b", 1, drawn)],
  ["the same image twice", real, side("twice", 2, () => 0.3)],
  ["a set and itself", real, real],
  ["constant samples", real, side("grey", 40, () => 0.5)],
  ["constant images, both", side("white", 40, () => 1), side("black", 40, () => 0)],
  ["zeros, both", side("black", 40, () => 0), side("dark", 40, () => 0)],
  ["fewer images than features", side("a", 5, drawn), side("b", 4, drawn)],
  ["a class that the reference lacks", real, side("more", 50, drawn, 3)],
  ["a class of one sample", real, side("rare", 40, drawn, 40)],
  ["values of 1e18", real, side("large", 40, (x) => 1e18 * x)],
  ["values of 1e-30", side("small", 40, (x) => 1e-30 * x), side("smaller", 40, (x) => 1e-31 * x)],
];

/** Metrics, and each way to compute those that have several. */
const ways: readonly (readonly [string, EvaluateOptions])[] = [
  ...metricNames.map((name) => [name, { metrics: [name] }] as const),
  ["is, shuffled", { metrics: ["is"], mode: "torch-fidelity" }],
  ["fid, resampled", { metrics: ["fid"], bootstrap: 3 }],
  ["pr as ADM rounds", { metrics: ["pr"], precisionArithmetic: "adm-float16" }],
];

/** Metrics that a set of images cannot have, and what is said of it. */
const refusals = /^[^\n]*(needs?|at least) [^\n]*\d+ [^\n]*(images?|resamples)[^\n]*$/;

describe.each(sets)("%s", (_, reference, samples) => {
  test.each(ways)("%s is a number or one clear line", (_, options) => {
    let report: object;
    try {
      report = evaluate(reference, samples, { ...options, floor: reference });
    } catch (error) {
      expect(error).toMatchObject({ name: "ConfigError", message: expect.stringMatching(refusals) });
      return;
    }
    expect(notFinite(report)).toEqual([]);
  });

  test("what is possible is a number, unasked", () => {
    expect(notFinite(evaluate(reference, samples, { floor: reference }))).toEqual([]);
  });
});

test("where the numbers are known", () => {
  const numbers = (a: Side, b: Side) => {
    const { metrics } = evaluate(a, b);
    const { fid, is, kid, pr, dc, prd } = metrics;
    return [fid?.value, is?.value, kid?.value, pr?.precision, pr?.recall, dc?.coverage, prd?.f8].map(
      (x) => x !== undefined && Math.round(x * 1e6) / 1e6,
    );
  };
  const [white, black] = [side("white", 40, () => 1), side("black", 40, () => 0)];
  // All features differ by 1; the kernel of equal images is (1 + 1)^3 and 1, of different ones 1.
  expect(numbers(white, black)).toEqual([6, 1, 7, 0, 0, 0, 0]);
  // A ball of radius 0 holds what lies in its centre, but not strictly.
  expect(numbers(black, black)).toEqual([0, 1, 0, 1, 1, 0, 1]);
  expect(numbers(real, real).slice(3)).toEqual([1, 1, 1, 1]);
});

test("features that are no numbers are refused where they come in", () => {
  expect(() => featureRows(Float32Array.of(1, 2, 3, Number.NaN), 2)).toThrow("feature 1 of image 1 is NaN");
});

/** Where in a value there are numbers that JSON cannot hold. */
function notFinite(value: unknown, path = ""): string[] {
  if (typeof value === "number") return Number.isFinite(value) ? [] : [`${path}: ${value}`];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => notFinite(inner, `${path}.${key}`));
}
