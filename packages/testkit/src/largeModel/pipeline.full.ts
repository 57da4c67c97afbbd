import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ditConfig } from "@dit/core";
import { afterAll, expect, test } from "vitest";
import { torchZipPieces } from "../../../core/src/host/torch/torchBytes";
import { writeOfficialCheckpoint, writeStableDiffusionVae } from "./writeModels";

// The paper's largest model on the way that its user takes: an official checkpoint is converted, drawn from, decoded by
// Stable Diffusion's autoencoder and exported, each step by the built command in a process of its own.

const command = fileURLToPath(new URL("../../../cli/bin/dit.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "pipeline-"));
const [checkpoint, model, vae] = ["DiT-XL-2-256x256.pt", "DiT-XL-2.safetensors", "sd-vae"] as const;
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command, and says how long it took and the most memory that it held, as far as one look in 50 ms sees. */
async function dit(...args: string[]): Promise<{ readonly peakBytes: number; readonly seconds: number }> {
  const started = performance.now();
  const child = spawn(process.execPath, [command, ...args], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  let peakBytes = 0;
  const look = setInterval(() => {
    const status = `/proc/${child.pid}/status`;
    if (!existsSync(status)) return;
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, "utf8"))?.[1] ?? 0;
    peakBytes = Math.max(peakBytes, 1024 * Number(kilobytes));
  }, 50);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(look);
  if (code !== 0) throw new Error(`dit ${args.join(" ")} exited with ${code}: ${said}`);
  const seconds = (performance.now() - started) / 1000;
  console.log(`dit ${args.join(" ")}: ${seconds.toFixed(0)} s, ${(peakBytes / 1e9).toFixed(2)} GB at most`);
  return { peakBytes, seconds };
}

test.runIf(process.platform === "linux")("DiT-XL/2 from an official checkpoint to pictures and ONNX", async () => {
  writeOfficialCheckpoint(join(folder, checkpoint), ditConfig("DiT-XL/2"), torchZipPieces);
  writeStableDiffusionVae(join(folder, vae));

  expect((await dit("convert", checkpoint, model)).peakBytes).toBeLessThan(1.5e9);
  const drawing = ["--class", "golden retriever,207", "--per-class", "1", "--cfg", "4", "--steps", "3", "--vae", vae];
  const drawn = await dit("sample", model, ...drawing, "--batch", "2", "--out", "grid.png");
  expect(drawn.peakBytes).toBeLessThan(16e9);
  expect(readFileSync(join(folder, "grid.png")).subarray(1, 4).toString()).toBe("PNG");
  const tiled = await dit("sample", model, ...drawing, "--batch", "2", "--vae-tile", "16", "--out", "tiled.png");
  expect(tiled.peakBytes).toBeLessThan(16e9);

  expect((await dit("export", model, "--out", "exported", "--no-verify")).peakBytes).toBeLessThan(2e9);
  expect(statSync(join(folder, "exported", "onnx", "model.onnx_data")).size).toBeGreaterThan(2.6e9);
});
