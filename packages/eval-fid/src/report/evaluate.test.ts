import { constantF32, f32, normal, reference, trace } from "@dit/core";
import { describe, expect, test } from "vitest";
import { graphFeatures } from "../features/graphFeatures";
import { featureRows } from "../statistics/featureRows";
import type { FeatureSet } from "../statistics/featureSet";
import { compareReports } from "./compare";
import { evaluate, type Side } from "./evaluate";
import { reportJsonSchema, reportSchema } from "./schema";

const settings = { network: "net", networkHash: "ab", route: "bilinear", imageSize: "8x8" };

function set(count: number, sample: number, shift = 0): FeatureSet {
  const make = (width: number, stream: string) =>
    featureRows(
      normal({ seed: 1, stream, step: 0, sample }, count * width).map((x) => x + shift),
      width,
    );
  const rows = { features: make(6, "features"), spatial: make(4, "spatial"), logits: make(5, "logits") };
  return { count, rows, labels: Int32Array.from({ length: count }, (_, i) => i % 3) };
}
const side = (name: string, features: FeatureSet): Side => ({ name, count: features.count, set: features, settings });
const [real, fake] = [side("real", set(120, 0)), side("fake", set(90, 1, 0.3))];

test("everything that is possible is computed, and fits the schema", () => {
  const report = evaluate(real, fake, { bootstrap: 5, seed: 3 });
  expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  expect(Object.keys(report.metrics)).toEqual([
    "fid",
    "sfid",
    "is",
    "kid",
    "pr",
    "dc",
    "prd",
    "fidInfinity",
    "perClass",
  ]);
  expect(report.metrics.fid!.value).toBeGreaterThan(report.metrics.fid!.meanTerm / 2);
  expect(report.metrics.perClass).toHaveLength(3);
  expect(evaluate(real, fake, { bootstrap: 5, seed: 3 })).toEqual(report);
  expect(reportJsonSchema()).toMatchObject({ type: "object", properties: { format: { const: report.format } } });
});

describe("neighbours", () => {
  const dozen = side("dozen", set(12, 3));
  const computed = (k?: number) => {
    const { pr, dc } = evaluate(dozen, dozen, { floor: dozen, ...(k !== undefined && { k }) }).metrics;
    return [pr?.k, dc?.k];
  };

  test("are asked of sets that have so many; where nobody asked for these metrics they are left out", () => {
    expect([computed(), computed(11), computed(12)]).toEqual([
      [3, 5],
      [11, 11],
      [undefined, undefined],
    ]);
    const [few, four] = [side("few", set(3, 4)), side("four", set(4, 5))];
    expect(evaluate(few, four, { k: 2 }).metrics).toMatchObject({ pr: { k: 2 }, dc: { k: 2 } });
    expect(() => evaluate(dozen, dozen, { k: 20, metrics: ["dc"] })).toThrow("at least 21 images, there are 12");
  });

  test("are three where precision and recall are rounded as ADM's program does", () => {
    const options = { precisionArithmetic: "adm-float16", k: 5 } as const;
    expect(() => evaluate(dozen, dozen, options)).toThrow("have 3 neighbours, not 5; leave k out, or take exact");
    expect(evaluate(dozen, dozen, { ...options, metrics: ["dc"] }).metrics.dc!.k).toBe(5);
    expect(evaluate(dozen, dozen, { ...options, k: 3 }).metrics.pr!.k).toBe(3);
  });
});

describe("what cannot be trusted is said", () => {
  test("too few images, a class without images, a set and itself", () => {
    const few = side("few", set(5, 2));
    const { notes, metrics } = evaluate(real, few, { metrics: ["fid", "perClass"] });
    expect(notes).toEqual([
      "FID: few has 5 images for 6 features: its covariance is singular, and with more images the distance would be less.",
      "There are 120 reference images and 5 samples: FID depends on both numbers.",
    ]);
    expect(metrics.perClass!.map(({ fid }) => fid === null)).toEqual([false, false, true]);
    expect(evaluate(real, real, { metrics: ["fid", "pr"] }).metrics).toMatchObject({ pr: { precision: 1, recall: 1 } });
  });

  test("other settings and missing features are errors that name them", () => {
    const other = { ...fake, settings: { ...settings, networkHash: "cd" } };
    expect(() => evaluate(real, other)).toThrow(
      'different weights of the feature network: real has "ab", fake has "cd"',
    );
    const bare: Side = { name: "bare.npz", count: 9, set: { count: 9, rows: {} } };
    expect(() => evaluate(bare, fake, { metrics: ["kid"] })).toThrow(
      "KID needs features of its images, and bare.npz has none",
    );
  });
});

describe("a later report", () => {
  const options = { metrics: ["fid", "pr"] } as const;
  const before = evaluate(real, fake, options);

  test("is worse only by more than the noise", () => {
    const worse = evaluate(real, side("fake", set(90, 1, 1)), options);
    const verdicts = (a: typeof before, b: typeof before) =>
      compareReports(a, b).map(({ metric, verdict }) => [metric, verdict]);
    expect(verdicts(before, before)).toEqual([
      ["FID", "same"],
      ["precision", "same"],
      ["recall", "same"],
    ]);
    expect(verdicts(before, worse)[0]).toEqual(["FID", "worse"]);
    expect(verdicts(worse, before)[0]).toEqual(["FID", "better"]);
  });

  test("with other settings is not compared", () => {
    const other = evaluate(real, side("fake", set(80, 1)), options);
    expect(() => compareReports(before, other)).toThrow("number of samples was 90, now 80");
  });
});

test("a network that is a graph runs on a backend, whatever the batches", async () => {
  const size = 4;
  const graph = (batch: number) =>
    trace("means", { images: f32([batch, 3, size, size]) }, ({ images }) => ({
      features: images
        .reshape([batch, 3, size * size])
        .mean([2])
        .mul(constantF32([1, 3], [1, 2, 3])),
    }));
  const network = await graphFeatures(
    { name: "means", hash: "x", graph, weights: {}, batch: 4, size, route: "adm" },
    reference(),
  );
  const data = Uint8Array.from({ length: 6 * 2 * 2 * 3 }, (_, i) => 128 + 16 * Math.floor(i / 12));
  const { count, rows } = await network.extract({ count: 6, height: 2, width: 2, channels: 3, data });
  expect(count).toBe(6);
  expect([...rows.features!.data]).toEqual([0, 1, 2, 3, 4, 5].flatMap((n) => [1, 2, 3].map((c) => (c * n) / 8)));
  await network.dispose();
});
