import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { featureRows, readStatistics } from "@dit/eval-fid";
import { afterAll, expect, test } from "vitest";
import { saveStatistics } from "./saveStatistics";

const folder = mkdtempSync(join(tmpdir(), "dit-save-"));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = { network: "net", networkHash: "ab", route: "bilinear", imageSize: "8x8" };

test("classes whose statistics would take more than a gibibyte are left out, and that is said", async () => {
  const [classes, width] = [135, 1000]; // 8 MB for each
  const features = featureRows(
    Float32Array.from({ length: classes * width }, (_, i) => i % 7),
    width,
  );
  const set = { count: classes, rows: { features }, labels: Int32Array.from({ length: classes }, (_, i) => i) };
  const notes: string[] = [];
  const file = join(folder, "many.safetensors");
  await saveStatistics(file, { name: "many", count: classes, set, settings }, { note: (text) => notes.push(text) });
  const { moments, classes: saved } = readStatistics(new Uint8Array(readFileSync(file)), file);
  expect([moments.features!.count, saved]).toEqual([classes, undefined]);
  expect(notes).toEqual([
    "the statistics of 135 classes would take 1.01 GiB, more than 1: only those of the whole are saved",
  ]);
});

test("what has no features is refused before a folder is made", async () => {
  const moments = { features: { mean: new Float64Array(2), covariance: new Float64Array(4) } };
  const file = join(folder, "new", "a.safetensors");
  const saving = saveStatistics(file, { name: "mu.npz", count: null, moments }, { note() {} });
  await expect(saving).rejects.toThrow("and mu.npz has neither: save them to a file that ends in .npz");
  expect(existsSync(join(folder, "new"))).toBe(false);
});
