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

  test("says so when no batch would fit", async () => {
    const command = { sources: sources("DiT-XL/2"), batches: [1], precisions: ["f32"] as const };
    const report = await planCommand({ ...command, memory: 12e9 });
    expect(() => requireFit(report)).toThrow("take a smaller model");
  });
});
