import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uniformInts } from "@dit/core";
import { encode } from "fast-png";

/**
 * A fresh folder to run commands in, with a dataset of 24 small images of two classes in `data` and settings in
 * `tiny.json`: a run of them takes about a second, most of which is starting Node.
 */
export function workFolder(settings: Readonly<Record<string, unknown>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "dit-e2e-"));
  for (const [label, [name, brightness]] of Object.entries({ dark: 40, light: 200 }).entries()) {
    mkdirSync(join(folder, "data", name), { recursive: true });
    for (let i = 0; i < 12; i++) {
      writeFileSync(join(folder, "data", name, `${i}.png`), noisyImage(brightness, 12 * label + i));
    }
  }
  writeFileSync(join(folder, "tiny.json"), JSON.stringify({ ...tiny, ...settings }));
  return folder;
}

/** A model of 12,304 parameters on one thread. */
const tiny = {
  data: "folder:data",
  imageSize: 8,
  validation: 0.2,
  model: { patchSize: 4, hiddenSize: 16, depth: 1, heads: 2 },
  backend: { kind: "ort", threads: 1 },
  train: { steps: 20, batchSize: 4, learningRate: 0.001, ema: { decay: 0.9 } },
  sample: { everySteps: 20, steps: 3, perClass: 1 },
  checkpoint: { everySteps: 10 },
  log: { everySteps: 5 },
};

function noisyImage(brightness: number, sample: number): Uint8Array {
  const noise = uniformInts({ seed: 0, stream: "test images", step: 0, sample }, 8 * 8 * 3, 50);
  const data = Uint8Array.from(noise, (x) => brightness - 25 + x);
  return encode({ width: 8, height: 8, channels: 3, depth: 8, data });
}
