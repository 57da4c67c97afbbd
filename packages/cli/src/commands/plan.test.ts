import { describe, expect, test } from "vitest";
import { planCommand, planText, requireFit } from "./plan";

const sources = (model: string) => ({ flags: { model: { flag: "--model", value: model } } });

describe("dit plan", () => {
  test("knows the paper's figures of DiT-XL/2", async () => {
    const report = await planCommand({ sources: sources("DiT-XL/2"), batches: [1], precisions: ["f32"] });
    expect(report.parameters).toBe(675_129_632);
    // The paper says 118.6 Gflops (table 4), counting multiply-adds.
    expect(report.multiplyAdds.forward / 1e9).toBeCloseTo(118.6, 0);
    const [train, sample] = report.rows;
    // Four values are kept of each trained parameter, and the call's own copy: the fixed table has none.
    expect(train!.stateBytes).toBe(2 * 4 * 4 * (675_129_632 - 256 * 1152));
    expect(sample!.weightBytes).toBeGreaterThan(4 * 675_129_632);
    expect(planText(report)).toContain("675,129,632 parameters");
  });

  test("values grow with the batch, the state does not", async () => {
    const { rows } = await planCommand({ sources: sources("DiT-S/2"), batches: [64, 128], precisions: ["f32"] });
    const [small, large] = rows.filter(({ what }) => what === "train");
    expect(large!.stateBytes).toBe(small!.stateBytes);
    expect(large!.valueBytes / small!.valueBytes).toBeCloseTo(2, 1);
  });

  test("refuses what does not fit, by its largest value, and says which batch fits", async () => {
    const command = { sources: sources("DiT-S/2"), batches: [8, 256], precisions: ["f32"] as const };
    requireFit(await planCommand({ ...command, memory: 100e9 }));
    const report = await planCommand({ ...command, memory: 12e9 });
    expect(report.rows.map(({ fits }) => fits)).toEqual([true, true, false, true]);
    expect(() => requireFit(report)).toThrow(
      /train with batch 256 in f32 needs 3\d.\d GB, there are 12 GB; the largest value is blocks\.\d+ \(softmax\), f32\[256, 6, 256, 256\].*batch 8 fits/,
    );
  });

  test("names no batch that fits in another precision only", async () => {
    const command = { sources: sources("DiT-S/2"), batches: [16, 32], precisions: ["f32", "f16"] as const };
    const { rows } = await planCommand(command);
    const peak = (precision: string) =>
      rows.find((row) => row.what === "train" && row.batch === 32 && row.precision === precision)!.peakBytes;
    const report = await planCommand({ ...command, memory: (peak("f32") + peak("f16")) / 2 + 150e6 });
    expect(() => requireFit(report)).toThrow(/^train with batch 32 in f32 needs .*; batch 16 fits$/);
  });

  test("refuses a batch that train.accumulate does not divide", async () => {
    const command = { sources: { sets: ["train.accumulate=2", "train.batchSize=4"] }, precisions: ["f32"] as const };
    await expect(planCommand({ ...command, batches: [2, 3] })).rejects.toThrow(
      "train.accumulate is 2, which does not divide a batch of 3",
    );
  });

  test("says so when no batch would fit", async () => {
    const command = { sources: sources("DiT-XL/2"), batches: [1], precisions: ["f32"] as const };
    const report = await planCommand({ ...command, memory: 12e9 });
    expect(() => requireFit(report)).toThrow("take a smaller model");
  });
});
