import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@dit/core";
import { beforeEach, describe, expect, it } from "vitest";
import { configFileText, resolveConfig } from "./resolveConfig";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dit-config-"));
});

function write(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("resolveConfig", () => {
  it("is complete without any source", () => {
    const { config, origins } = resolveConfig({});
    expect(config).toMatchObject({
      data: "digits",
      train: { learningRate: 1e-4, betas: [0.9, 0.999], gradientClip: null },
    });
    expect(new Set(Object.values(origins))).toEqual(new Set(["default"]));
    expect(Object.keys(origins)).toEqual(expect.arrayContaining(["model", "train.betas", "backend.provider"]));
  });

  it("lets each later source win, and says which one did", () => {
    const file = write("a.json", { train: { steps: 2, batchSize: 2, learningRate: 2, eps: 2 } });
    const { config, origins } = resolveConfig({
      file,
      env: {
        DIT_TRAIN_BATCH_SIZE: "3",
        DIT_TRAIN_LEARNING_RATE: "3",
        DIT_TRAIN_EPS: "3",
        PATH: "x",
        DIT_DEBUG: "1",
        DIT_HOME: "x",
      },
      flags: {
        "train.learningRate": { flag: "--lr", value: 4 },
        "train.eps": { flag: "--eps", value: "4" },
        "train.warmup": { flag: "--warmup", value: undefined },
      },
      sets: ["train.eps=5", "train.betas=[0.8,0.9]"],
    });
    expect(config.train).toMatchObject({
      seed: 0,
      steps: 2,
      batchSize: 3,
      learningRate: 4,
      eps: 5,
      betas: [0.8, 0.9],
      warmup: 0,
    });
    expect(origins).toMatchObject({
      "train.seed": "default",
      "train.steps": "file a.json",
      "train.batchSize": "env DIT_TRAIN_BATCH_SIZE",
      "train.learningRate": "flag --lr",
      "train.eps": "--set",
      "train.warmup": "default",
    });
  });

  it("follows extends, relative to the file, and reads comments", () => {
    mkdirSync(join(folder, "base"));
    write("base/b.json", { train: { steps: 7, batchSize: 8 } });
    const file = write(
      "a.json",
      '{ // mine\n "$schema": "x", "extends": "base/b.json", "train": { "batchSize": 9, }, /* end */ }',
    );
    const { config, origins } = resolveConfig({ file });
    expect(config.train).toMatchObject({ steps: 7, batchSize: 9 });
    expect([origins["train.steps"], origins["train.batchSize"]]).toEqual(["file b.json", "file a.json"]);
  });

  it("replaces a backend of another kind and a model of another form", () => {
    const file = write("a.json", {
      ...{ backend: { kind: "ort", threads: 2 }, model: { patchSize: 2, hiddenSize: 8, depth: 1, heads: 2 } },
    });
    const { config, origins } = resolveConfig({
      file,
      sets: ["backend.kind=reference", "model=DiT-B/2"],
    });
    expect(config).toMatchObject({ backend: { kind: "reference" }, model: "DiT-B/2" });
    expect(Object.keys(origins).filter((key) => /^(backend|model)/.test(key))).toEqual(["backend.kind", "model"]);
    expect(resolveConfig({ sets: ["backend.threads=2"] }).config.backend).toEqual({
      kind: "ort",
      provider: "cpu",
      threads: 2,
    });
  });

  it("replaces an objective of another kind, and takes one without a kind for diffusion", () => {
    expect(resolveConfig({ sets: ["diffusion.kind=flow", "diffusion.path=gvp"] }).config.diffusion).toEqual({
      kind: "flow",
      path: "gvp",
      prediction: "velocity",
      weighting: "none",
      timeSampling: "uniform",
    });
    const file = write("before-flows.json", { diffusion: { prediction: "v" } });
    expect(resolveConfig({ file }).config.diffusion).toMatchObject({
      kind: "diffusion",
      prediction: "v",
      loss: "hybrid",
    });
  });

  it("takes averages by their decay or by their width", () => {
    const emaOf = (...sets: string[]) => resolveConfig({ sets }).config.train.ema;
    expect(emaOf()).toEqual({ kind: "constant", decay: 0.9999, warmup: false });
    expect(emaOf("train.ema.decay=0.9")).toEqual({ kind: "constant", decay: 0.9, warmup: false });
    expect(emaOf("train.ema.kind=power")).toEqual({ kind: "power", sigmaRel: 0.1 });
    expect(emaOf("train.ema.kind=power", "train.ema.sigmaRel=0.05")).toEqual({ kind: "power", sigmaRel: 0.05 });
  });

  it("lets the model decide on guidance where nothing is said", () => {
    for (const set of ["classConditional=false", "classDropout=0"]) {
      expect(resolveConfig({ sets: [set] }).config.sample.guidance).toBeNull();
      expect(() => resolveConfig({ sets: [set, "sample.guidance=2"] })).toThrow("sample.guidance is 2, but ");
      expect(() => resolveConfig({ sets: [set, "sample.guidanceInterval=[1,2]"] })).toThrow(
        "sample.guidanceInterval is set, but ",
      );
    }
  });

  it("refuses parts that do not divide a batch", () => {
    expect(() => resolveConfig({ sets: ["train.batchSize=10", "train.accumulate=4"] })).toThrow(
      "which does not divide train.batchSize (10)",
    );
  });

  it("keeps texts that look like numbers texts, and takes null", () => {
    const { config } = resolveConfig({
      sets: ["name=2024", "train.gradientClip=null", "sample.guidanceChannels=3", "sample.clip=false"],
    });
    expect(config).toMatchObject({
      name: "2024",
      train: { gradientClip: null },
      sample: { guidanceChannels: 3, clip: false },
    });
  });

  it("writes a file that gives the same config again", () => {
    const first = resolveConfig({ sets: ["train.steps=5", "backend.kind=reference"] });
    const second = resolveConfig({ file: write("config.json", configFileText(first)) });
    expect(second.config).toEqual(first.config);
    expect(second.origins["train.steps"]).toBe("file config.json");
  });
});

describe("errors of resolveConfig", () => {
  const set = (...sets: string[]) => ({ sets });
  it.each([
    [set("train.stpes=1"), "unknown key train.stpes (--set); did you mean train.steps?"],
    [set("learningRate=1"), "unknown key learningRate (--set); did you mean train.learningRate?"],
    [set("trian.steps=1"), "unknown key trian (--set); did you mean train?"],
    [set("log.qqqqqqqqqq=1"), "unknown key log.qqqqqqqqqq (--set); known: everySteps"],
    [set("backend.thread=1"), "unknown key backend.thread (--set); did you mean backend.threads?"],
    [set("backend.device=wasm"), 'unknown key backend.device (--set): backend.kind is "ort", which has no device'],
    [set("train.ema.sigmaRel=0.1"), 'train.ema.kind is "constant", which has no sigmaRel'],
    [set("train.steps=many"), 'train.steps is "many" (--set), allowed: a whole number from 1'],
    [set("train.steps=1.5"), "train.steps is 1.5 (--set), allowed: a whole number from 1"],
    [set("train.gradientClip=0"), "train.gradientClip is 0 (--set), allowed: a number above 0, or null"],
    [set("validation=1"), "validation is 1 (--set), allowed: a number from 0 to below 1"],
    [set("sample.clip=yes"), 'sample.clip is "yes" (--set), allowed: true or false'],
    [set("sample.sampler=dddim"), /sample.sampler is "dddim" \(--set\), allowed: .*"heun".*; did you mean "ddim"\?/],
    [set("sample.sampler=rk4"), 'sample.sampler is "rk4", which is none of a diffusion model\'s'],
    [
      set("diffusion.kind=flow", "diffusion.prediction=eps"),
      'diffusion.prediction is "eps" (--set), allowed: "velocity", "noise" or "score"',
    ],
    [
      set("diffusion.kind=flow", "diffusion.timesteps=10"),
      'unknown key diffusion.timesteps (--set): diffusion.kind is "flow", which has no timesteps',
    ],
    [set("diffusion.kind=flow", "diffusion.weighting=likelihood"), "but a velocity is not weighted"],
    [set("diffusion.kind=flwo"), 'diffusion.kind is "flwo" (--set), allowed: "diffusion" or "flow"'],
    [
      set("train.betas=[0.9]"),
      "train.betas is [0.9] (--set), allowed: a list [a number from 0 to below 1, a number from 0 to below 1]",
    ],
    [
      set("train.betas=[0.9,2]"),
      "train.betas.1 is 2 (--set), allowed: a list [a number from 0 to below 1, a number from 0 to below 1]",
    ],
    [set("backend.kind=tf"), 'backend.kind is "tf" (--set), allowed: "ort", "tfjs" or "reference"'],
    [
      set("backend.kind=tfjs", "backend.device=webgl"),
      'backend.device is "webgl" (--set), allowed: "cpu", "wasm" or "webgpu"',
    ],
    [
      set("backend.kind=tfjs", "backend.precision=f16"),
      'backend.precision is "f16" (--set), allowed: "f32": TensorFlow.js has no half precision; backend.kind "ort" has it, on cuda and webgpu',
    ],
    [set("backend.provider=tpu"), 'backend.provider is "tpu" (--set), allowed: "cpu", "cuda" or "webgpu"'],
    [set("model=DiT-S2"), 'did you mean "DiT-S/2"?'],
    [
      set('model={"patchSize":2,"hiddenSize":8,"heads":2}'),
      "model.depth is missing (--set), allowed: a whole number from 1",
    ],
    [
      set('model={"patchSize":2,"hiddenSize":8,"heads":2,"dept":1}'),
      "unknown key model.dept (--set); did you mean model.depth? (and 1 more)",
    ],
    [set("train=5"), "train is 5 (--set), allowed: an object with steps, batchSize"],
    [
      set("data=imagenet"),
      'data is "imagenet" (--set), allowed: "digits", "digits:test", "folder:DIR" or "latents:DIR"',
    ],
    [set("learnSigma=false"), 'diffusion.loss is "hybrid", which trains the variance'],
    [set("train.steps"), '--set train.steps has no "="'],
    [set("__proto__.x=1"), "unknown key __proto__ (--set)"],
    [{ env: { DIT_TRAIN_STEP: "1" } }, "unknown environment variable DIT_TRAIN_STEP; did you mean DIT_TRAIN_STEPS?"],
    [{ env: { DIT_TRAIN_STEPS: "x" } }, 'train.steps is "x" (env DIT_TRAIN_STEPS), allowed'],
    [
      { flags: { "train.steps": { flag: "--steps", value: 0 } } },
      "train.steps is 0 (flag --steps), allowed: a whole number from 1",
    ],
  ])("%j", (sources, message) => {
    expect(() => resolveConfig(sources)).toThrow(ConfigError);
    expect(() => resolveConfig(sources)).toThrow(message);
    expect(() => resolveConfig(sources)).toThrow(/^[^\n]+$/);
  });

  it("names the file of a key, however deep", () => {
    write("base.json", { sample: { stepz: 4 } });
    const file = write("a.json", { extends: "./base.json" });
    expect(() => resolveConfig({ file })).toThrow(
      "unknown key sample.stepz (file base.json); did you mean sample.steps?",
    );
    expect(() => resolveConfig({ file: write("b.json", { stray: { deep: 1 } }) })).toThrow(
      "unknown key stray (file b.json)",
    );
  });

  it("explains files that cannot be read", () => {
    expect(() => resolveConfig({ file: join(folder, "no.json") })).toThrow(
      "config file no.json: there is no such file",
    );
    expect(() => resolveConfig({ file: write("a.json", { extends: "no.json" }) })).toThrow(
      "no.json, which a.json extends: there is",
    );
    expect(() => resolveConfig({ file: write("a.json", { extends: 3 }) })).toThrow("extends is 3 (file a.json)");
    expect(() => resolveConfig({ file: write("a.json", { extends: "a.json" }) })).toThrow(
      "a.json extends itself: a.json -> a.json",
    );
    expect(() => resolveConfig({ file: write("a.json", [1]) })).toThrow("must hold one object");
    expect(() => resolveConfig({ file: write("a.json", '{\n  "train": {,}\n}') })).toThrow(
      "a.json, line 2, column 13: ",
    );
  });
});
