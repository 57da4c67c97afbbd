import { hostZeros, normal, writeSafetensors } from "@dit/core";
import { expect, test } from "vitest";
import { featureRows, selectRows } from "./featureRows";
import { readFeatureSet, statisticsFormat } from "./featureSet";
import { addRows, covarianceOf, emptyMoments, type Moments, mergeMoments, momentsOf } from "./moments";
import { mergeStatistics, readStatistics, type Statistics, statisticsOf, writeStatistics } from "./statisticsFile";

const [count, width] = [2500, 17];
// Far from 0 with a small spread: where sums of squares lose their digits.
const data = Float64Array.from(
  normal({ seed: 1, stream: "moments", step: 0, sample: 0 }, count * width),
  (x, i) => 1000 + x * (1 + (i % width)) * 0.1,
);
const rows = featureRows(data, width);

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const part = (from: number, to: number) => momentsOf(selectRows(rows, range(from, to)));

function largestRelativeDifference(a: Moments, b: Moments): number {
  const [x, y] = [covarianceOf(a), covarianceOf(b)];
  const scale = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i]!) / scale), 0);
}

test("the covariance is that of two passes over all rows", () => {
  const mean = Float64Array.from({ length: width }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += data[i * width + k]! - 1000;
    return 1000 + sum / count;
  });
  const covariance = covarianceOf(momentsOf(rows));
  for (const [p, q] of [
    [0, 0],
    [3, 9],
    [16, 16],
  ] as const) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += (data[i * width + p]! - mean[p]!) * (data[i * width + q]! - mean[q]!);
    expect(covariance[p * width + q]).toBeCloseTo(sum / (count - 1), 12);
    expect(covariance[q * width + p]).toBe(covariance[p * width + q]);
  }
});

test("shards merged in any order are the whole, to 1e-12", () => {
  const whole = momentsOf(rows);
  const cuts = [0, 1, 900, 901, 1400, 2500];
  const shards = range(0, 5).map((i) => part(cuts[i]!, cuts[i + 1]!));
  for (const order of [
    [0, 1, 2, 3, 4],
    [4, 2, 0, 3, 1],
    [3, 4, 1, 0, 2],
  ]) {
    const merged = emptyMoments(width);
    for (const i of order) mergeMoments(merged, shards[i]!);
    expect(merged.count).toBe(count);
    expect(largestRelativeDifference(merged, whole)).toBeLessThan(1e-12);
  }
});

test("rows added batch by batch are the whole; nothing added changes nothing", () => {
  const moments = emptyMoments(width);
  for (let from = 0; from < count; from += 77)
    addRows(moments, selectRows(rows, range(from, Math.min(count, from + 77))));
  mergeMoments(moments, emptyMoments(width));
  expect(largestRelativeDifference(moments, momentsOf(rows))).toBeLessThan(1e-12);
  expect(() => mergeMoments(moments, emptyMoments(3))).toThrow("17 features cannot take rows of 3");
});

test("shards merge class by class: each class is that of all its rows", () => {
  const settings = { network: "net", networkHash: "ab", route: "bilinear", imageSize: "8x8" };
  const labels = Int32Array.from({ length: count }, (_, i) => (i < 900 ? i % 2 : i % 3) + 4);
  const shard = (from: number, to: number) => {
    const set = {
      count: to - from,
      rows: { features: selectRows(rows, range(from, to)) },
      labels: labels.slice(from, to),
    };
    return readStatistics(writeStatistics(statisticsOf(set, settings, { byClass: true })), "shard");
  };
  const { moments, classes } = mergeStatistics([
    ["b", shard(900, 2500)],
    ["a", shard(0, 900)],
  ]);
  expect([...classes!.keys()]).toEqual([4, 5, 6]);
  const whole = emptyMoments(width);
  for (const [label, ofClass] of classes!) {
    const own = momentsOf(
      selectRows(
        rows,
        range(0, count).filter((i) => labels[i] === label),
      ),
    );
    expect(ofClass.count).toBe(own.count);
    expect(largestRelativeDifference(ofClass, own)).toBeLessThan(1e-12);
    mergeMoments(whole, ofClass);
  }
  expect(whole.count).toBe(count);
  expect(largestRelativeDifference(whole, moments.features!)).toBeLessThan(1e-12);
  const without = statisticsOf({ count: 9, rows: { features: selectRows(rows, range(0, 9)) } }, settings);
  for (const order of [
    [shard(0, 9), without],
    [without, shard(0, 9)],
  ]) {
    expect(mergeStatistics(order.map((part) => ["a", part])).classes).toBeUndefined();
  }
});

test("shard files merge, and say what makes them different", () => {
  const settings = { network: "net", networkHash: "ab", route: "bilinear", imageSize: "8x8" };
  const shard = (from: number, to: number): Statistics => ({ settings, moments: { features: part(from, to) } });
  const read = readStatistics(writeStatistics(shard(0, 1000)), "a");
  expect(read).toEqual(shard(0, 1000));
  const merged = mergeStatistics([
    ["b", shard(1000, 2500)],
    ["a", read],
  ]);
  expect(largestRelativeDifference(merged.moments.features!, momentsOf(rows))).toBeLessThan(1e-12);
  const other = { ...shard(0, 9), settings: { ...settings, route: "bicubic" } };
  const withRead = (name: string, shard: Statistics) => () =>
    mergeStatistics([
      ["a", read],
      [name, shard],
    ]);
  expect(withRead("c", other)).toThrow('different resizing and scaling: a has "bilinear", c has "bicubic"');
  const more = { settings, moments: { features: part(0, 9), logits: part(0, 9) } };
  expect(withRead("d", more)).toThrow("a has statistics of features, d of features, logits");
  expect(() => mergeStatistics([])).toThrow("there are no statistics to merge");
});

test.each([
  ["a scatter of another width", { mean: [3], scatter: [2, 2] }, "features must have a mean [D] and a scatter [D, D]"],
  ["a scatter in a row", { mean: [3], scatter: [9] }, "they are [3] and [9]"],
  ["a mean of rows", { mean: [3, 1], scatter: [3, 3] }, "they are [3,1] and [3,3]"],
])("a file with %s is refused", (_, { mean, scatter }, message) => {
  const tensors = { "features.mean": hostZeros("f32", mean), "features.scatter": hostZeros("f32", scatter) };
  const bytes = writeSafetensors(tensors, { format: statisticsFormat, settings: "{}", "features.count": "9" });
  expect(() => readStatistics(bytes, "part")).toThrow(/^part: /);
  expect(() => readStatistics(bytes, "part")).toThrow(message);
});

test.each([undefined, "{", "null", '{"network":"net"}'])("a file with the settings %s is refused", (settings) => {
  const refusal = "x: its metadata do not say how the features were made (settings); make it anew";
  const bytes = (format: string) => writeSafetensors({}, { format, ...(settings !== undefined && { settings }) });
  expect(() => readStatistics(bytes(statisticsFormat), "x")).toThrow(refusal);
  expect(() => readFeatureSet(bytes("dit.eval-fid.features/1"), "x")).toThrow(refusal);
});
