import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adamwDefaults, diffusionDefaults, ditConfig } from "@dit/core";
import { trainStep } from "@dit/core/internal";
import { expect, test } from "vitest";
import { encodeModel } from "../onnx/encode";
import { node } from "../platform/node";
import { lowerScanGraph } from "./lowerGraph";

const dit = ditConfig(undefined, { inputSize: [8, 8], hiddenSize: 32, depth: 3, heads: 2, numClasses: 4 });

/** How often a train step computes attention after the runtime's own passes, by one kernel or from a softmax on. */
async function attentionsLeft(level: "disabled" | "all", checkpoint: boolean): Promise<number> {
  const options = { batchSize: 2, adamw: adamwDefaults, checkpoint };
  const model = encodeModel(lowerScanGraph(trainStep({ dit, diffusion: diffusionDefaults }, options)));
  const folder = mkdtempSync(join(tmpdir(), "dit-onnx-"));
  try {
    const optimizedModelFilePath = join(folder, "optimized.onnx");
    const { InferenceSession } = await node.load("cpu", undefined);
    const settings = { graphOptimizationLevel: level, optimizedModelFilePath, logSeverityLevel: 3 } as const;
    await (await InferenceSession.create(model, settings)).release();
    const names = readFileSync(optimizedModelFilePath, "latin1").match(/blocks\.\d+\/(Attention|Softmax)_\d+/g) ?? [];
    return new Set(names).size;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each(["disabled", "all"] as const)("blocks computed again stay so at level %s", async (level) => {
  expect(await attentionsLeft(level, false)).toBe(3);
  expect(await attentionsLeft(level, true)).toBe(6);
});
