import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import type { ForwardReport, ForwardRequest } from "./forward";

const script = fileURLToPath(new URL("./forward.ts", import.meta.url));
const root = fileURLToPath(new URL("../../../..", import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), "forward-"));
afterAll(() => rmSync(temporary, { recursive: true }));

/** Runs the script in a fresh process, whose peak memory is then its own. */
async function forward(request: ForwardRequest): Promise<ForwardReport> {
  const words = ["--import", "tsx", script, JSON.stringify(request)];
  const { stdout } = await promisify(execFile)(process.execPath, words, {
    cwd: root,
    env: { ...process.env, TMPDIR: temporary, TEMP: temporary },
  });
  // What tsx keeps there is its own.
  expect(readdirSync(temporary).filter((name) => name.startsWith("dit-"))).toEqual([]);
  return JSON.parse(stdout) as ForwardReport;
}

describe("weights that onnxruntime maps from a file", () => {
  test("give the output that weights in memory give, bit for bit, in less memory", async () => {
    const request = { model: "DiT-S/4", batch: 2 };
    const mapped = await forward({ ...request, inlineBytes: 0 });
    const inline = await forward({ ...request, inlineBytes: 2 ** 30 });
    expect(mapped.finite).toBe(true);
    expect(mapped.hash).toBe(inline.hash);
    expect(mapped.peakBytes).toBeLessThan(inline.peakBytes - 4 * mapped.parameters);
  });

  test("let DiT-XL/2 run in 4 GB", async () => {
    const report = await forward({ model: "DiT-XL/2", batch: 1 });
    console.log(report);
    expect(report.parameters).toBe(675_129_632);
    expect(report.finite).toBe(true);
    expect(report.largest).toBeGreaterThan(1);
    expect(report.peakBytes).toBeLessThan(4e9);
  });
});
