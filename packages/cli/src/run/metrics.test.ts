import { appendFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FormatError } from "@dit/core";
import { beforeEach, describe, expect, it } from "vitest";
import { appendMetric, type Metric, readMetrics, truncateMetrics } from "./metrics";

let file: string;
const metric = (step: number): Metric => ({ step, loss: 1 / step, learningRate: 1e-4, seconds: step * 2 });
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "dit-metrics-")), "metrics.jsonl");
});

describe("metrics.jsonl", () => {
  it("reads back what was appended", () => {
    expect(readMetrics(file)).toEqual([]);
    appendMetric(file, metric(1));
    appendMetric(file, { ...metric(2), validationLoss: 0.5 });
    expect(readMetrics(file)).toEqual([metric(1), { ...metric(2), validationLoss: 0.5 }]);
  });

  it("keeps NaN and Infinity apart", () => {
    appendMetric(file, { ...metric(1), loss: Number.NaN, gradNorm: Number.POSITIVE_INFINITY });
    expect(readMetrics(file)[0]).toMatchObject({ loss: Number.NaN, gradNorm: Number.POSITIVE_INFINITY });
  });

  it.each(['{"step":3,"lo', '{"step":3', '{"st', '{"step":3,"loss":0.1,"seconds":6}'])(
    "survives a kill in the middle of a line: %s",
    (half) => {
      for (const step of [1, 2]) appendMetric(file, metric(step));
      appendFileSync(file, half);
      expect(readMetrics(file).slice(0, 2)).toEqual([metric(1), metric(2)]);
      expect(truncateMetrics(file, 2)).toEqual([metric(1), metric(2)]);
      appendMetric(file, metric(3));
      expect(readMetrics(file)).toEqual([metric(1), metric(2), metric(3)]);
    },
  );

  it("names a line that is damaged in the middle", () => {
    writeFileSync(file, `${JSON.stringify(metric(1))}\n{"step":\n${JSON.stringify(metric(3))}\n`);
    expect(() => readMetrics(file)).toThrow(FormatError);
    expect(() => readMetrics(file)).toThrow("line 2 is not a metric");
    writeFileSync(file, `{"step":"one","loss":1,"seconds":1}\n${JSON.stringify(metric(3))}\n`);
    expect(() => readMetrics(file)).toThrow("line 1");
  });

  it("cuts back to a step and leaves no temporary file", () => {
    for (const step of [1, 2, 3, 4]) appendMetric(file, metric(step));
    expect(truncateMetrics(file, 2)).toHaveLength(2);
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(3);
    expect(readdirSync(dirname(file))).toEqual(["metrics.jsonl"]);
    expect(truncateMetrics(join(dirname(file), "none.jsonl"), 2)).toEqual([]);
  });
});
