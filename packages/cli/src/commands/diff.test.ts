import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diffusionDefaults, ditConfig, ditSpec, hostTensor, initialize, modelToSafetensors, normal } from "@dit/core";
import { afterAll, expect, test } from "vitest";
import { diffCommand, diffText } from "./diff";

const folder = mkdtempSync(join(tmpdir(), "diff-"));
afterAll(() => rmSync(folder, { recursive: true }));

const dit = ditConfig(undefined, { inputSize: [8, 8], hiddenSize: 32, depth: 2, heads: 2, numClasses: 3 });
// A fresh model's gates are 0, and hide what happens behind them.
const weights = Object.fromEntries(
  Object.entries(initialize(ditSpec(dit), 0)).map(([name, { shape, data }]) => {
    const noise = normal({ seed: 1, stream: name, step: 0, sample: 0 }, data.length);
    return [
      name,
      hostTensor(
        "f32",
        shape,
        data.map((x, i) => x + 0.1 * noise[i]!),
      ),
    ];
  }),
);
const model = join(folder, "model.safetensors");
writeFileSync(model, modelToSafetensors({ config: { dit, diffusion: diffusionDefaults }, weights }));

const command = {
  model,
  sources: {},
  backends: [{ kind: "reference" }, { kind: "ort", provider: "cpu", threads: null }],
  batch: 2,
  absolute: 1e-5,
  relative: 1e-4,
} as const;

// A train step holds logarithms of tails, of which float32 keeps no digits: its nodes agree one by one.
test.each([
  ["forward", false],
  ["train-step", true],
] as const)("the reference and onnxruntime agree on a %s", async (what, isolated) => {
  const report = await diffCommand({ ...command, what, isolated });
  expect(report.first, diffText(report)).toBeNull();
  expect(report.nodes).toBeGreaterThan(50);
  const modules = report.modules.map(({ path }) => path.split(".").slice(0, 2).join("."));
  expect(modules).toEqual(expect.arrayContaining(["blocks.0", "blocks.1", "t_embedder.mlp", "final_layer.linear"]));
  expect(report.modules.some(({ error }) => error > 0)).toBe(true);
});

test("a whole train step is compared in one run of each", async () => {
  const report = await diffCommand({ ...command, what: "train-step", isolated: false });
  expect(report.nodes).toBeGreaterThan(500);
});

test("a tolerance of nothing is exceeded by rounding, and the first node that rounds is named", async () => {
  const report = await diffCommand({ ...command, what: "forward", isolated: false, absolute: 0, relative: 0 });
  expect(report.first).not.toBeNull();
  expect(diffText(report)).toContain(`at ${report.first!.op} ${report.first!.type}`);
});
