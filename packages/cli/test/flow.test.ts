import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { loadModel } from "@dit/core/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dit, ditOk } from "./command";
import { workFolder } from "./workFolder";

let folder: string;
const flow = ["--set", "diffusion.kind=flow", "--set", "learnSigma=false"];
beforeAll(async () => {
  folder = workFolder();
  await ditOk(folder, ["train", "--config", "tiny.json", "--name", "flow", ...flow]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a run of a flow", () => {
  it("has the objective in its settings, its checkpoints and its pictures", async () => {
    const { diffusion } = JSON.parse(readFileSync(join(folder, "runs/flow/config.json"), "utf8"));
    expect(diffusion).toMatchObject({ kind: "flow", path: "linear", prediction: "velocity" });
    const { config } = await loadModel(join(folder, "runs/flow/checkpoints/step-000020/ema.safetensors"));
    expect(config.diffusion).toEqual(diffusion);
    expect(existsSync(join(folder, "runs/flow/samples/step-000020.png"))).toBe(true);
  });

  it("is sampled by heun2, or by the sampler asked for", async () => {
    const sample = (...args: string[]) => ditOk(folder, ["sample", "runs/flow", "--per-class", "1", "--json", ...args]);
    expect(JSON.parse(await sample())).toMatchObject({ images: 2, settings: { sampler: "heun2", steps: 50 } });
    const noisy = await sample("--sampler", "sdeEuler", "--diffusion-form", "linear", "--last-step", "tweedie");
    expect(JSON.parse(noisy).settings.flow).toMatchObject({ diffusionForm: "linear", lastStep: "tweedie" });
    expect(JSON.parse(await sample("--sampler", "dopri5"))).toMatchObject({ settings: { sampler: "dopri5" } });
  });

  it("is not sampled as a chain, nor continued as one", async () => {
    const sampled = await dit(folder, ["sample", "runs/flow", "--sampler", "ddim"]);
    expect([sampled.code, sampled.stderr]).toEqual([2, expect.stringContaining("no sampler ddim of a flow model")]);
    const changed = ["--set", "diffusion.path=gvp", "--set", "train.steps=30"];
    const resumed = await dit(folder, ["train", "--resume", "runs/flow", ...changed]);
    expect(resumed.code).toBe(2);
    expect(resumed.stderr).toContain("the checkpoint was trained with path linear, this run's is gvp");
  });

  it("goes on where it stopped", async () => {
    await ditOk(folder, ["train", "--resume", "runs/flow", "--set", "train.steps=30"]);
    expect(existsSync(join(folder, "runs/flow/checkpoints/step-000030"))).toBe(true);
  });
});
