import { execFile } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { diffusionDefaults, ditConfig } from "@dit/core";
import { modelPieces } from "@dit/core/internal";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkExport } from "../../../cli/src/commands/checkExport";
import { formulaWeights } from "../formula";
import type { ExportReport, ExportRequest } from "./export";

const script = fileURLToPath(new URL("./export.ts", import.meta.url));
const root = fileURLToPath(new URL("../../../..", import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), "export-"));
const model = join(temporary, "DiT-XL-2.safetensors");
const out = join(temporary, "exported");

beforeAll(() => {
  const dit = ditConfig("DiT-XL/2");
  const file = openSync(model, "wx");
  for (const piece of modelPieces({ config: { dit, diffusion: diffusionDefaults }, weights: formulaWeights(dit) }))
    writeSync(file, piece);
  closeSync(file);
}, 600_000);
afterAll(() => rmSync(temporary, { recursive: true }));

/** Exports in a fresh process, whose peak memory is then its own. */
async function exported(request: Pick<ExportRequest, "dtype" | "verify">): Promise<ExportReport> {
  const words = ["--import", "tsx", script, JSON.stringify({ model, out, ...request })];
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: root });
  const report = JSON.parse(stdout) as ExportReport;
  console.log(report);
  return report;
}

describe("DiT-XL/2", () => {
  test("is written in f32 in less than 2 GB of memory, and is whole", async () => {
    const { data, domains, peakBytes, file } = await exported({ dtype: "f32", verify: false });
    expect(data.bytes).toBeGreaterThan(2.69e9);
    expect(domains).toEqual([]);
    expect(peakBytes).toBeLessThan(2e9);
    expect(await checkExport(file)).toMatchObject({ what: "model", dtype: "f32", batch: "dynamic" });
  });

  test("computes in f32 what the library computes", async () => {
    const { verification } = await exported({ dtype: "f32", verify: true });
    expect(verification!.error.max / verification!.largest).toBeLessThan(1e-4);
  });

  test("takes less than 450 MB in 4 bits and half precision, and computes what they stand for", async () => {
    const { data, modelBytes, verification } = await exported({ dtype: "q4f16", verify: true });
    expect(data.bytes + modelBytes).toBeLessThan(450e6);
    expect(verification!.error.max).toBeLessThanOrEqual(verification!.tolerance);
  });
});
