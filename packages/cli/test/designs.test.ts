import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dit, ditOk } from "./command";
import { workFolder } from "./workFolder";

let folder: string;
beforeAll(() => {
  const block = { conditioning: "inContext", norm: "rms", mlp: "swiglu", qkNorm: true, rope: true, registerTokens: 2 };
  const sample = { everySteps: 20, steps: 3, perClass: 1, guidance: 1 };
  folder = workFolder({ classConditional: false, block, sample });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("an unconditional model with every block option", () => {
  it("is trained, resumed, inspected, sampled and exported", async () => {
    await ditOk(folder, ["train", "--config", "tiny.json"]);
    await ditOk(folder, ["train", "--resume", "runs/run", "--steps", "30"]);
    const inspection = await ditOk(folder, ["inspect", "runs/run"]);
    expect(inspection).toContain("conditioning inContext, norm rms, mlp swiglu, qkNorm, rope, registerTokens 2");
    expect(inspection).toContain("input 3x8x8, unconditional, predicts eps");
    expect(inspection).not.toContain("y_embedder");
    const drawn = JSON.parse(await ditOk(folder, ["sample", "runs/run", "--per-class", "3", "--steps", "2", "--json"]));
    expect(drawn).toMatchObject({ images: 3, settings: { guidance: 1 } });
    const { verification } = JSON.parse(await ditOk(folder, ["export", "runs/run", "--out", "exported", "--json"]));
    expect(verification.error.max).toBeLessThan(1e-4);
  });

  it.each([
    ["guidance", ["sample", "runs/run", "--cfg", "2"], "an unconditional model has no classes to be guided to"],
    ["a class", ["sample", "runs/run", "--class", "dark"], "the model is unconditional, it knows no classes"],
    [
      "other blocks to begin with",
      ["train", "--config", "tiny.json", "--name", "b", "--init", "runs/run", "--set", "block.conditioning=adaLN"],
      "init runs/run is a model of conditioning inContext, this run's is adaLN",
    ],
    [
      "guidance in training",
      ["train", "--config", "tiny.json", "--name", "b", "--set", "sample.guidance=2"],
      "sample.guidance is 2, but an unconditional model has no classes to be guided to: set it to 1",
    ],
  ])("refuses %s", async (_, args, message) => {
    const { code, stderr } = await dit(folder, args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
