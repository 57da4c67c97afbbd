import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countParams, ditSpec, type Model, readSafetensors, reference, train } from "@dit/core";
import { loadModel } from "@dit/core/node";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { split } from "../src/data/dataset";
import { openDataset } from "../src/data/openDataset";
import { readPng } from "../src/images/png";
import { dit, ditOk, filesUnder, hashesUnder, start } from "./command";
import { workFolder } from "./workFolder";

let folder: string;
const run = "runs/first";
const at = (...path: string[]) => join(folder, ...path);
const json = (file: string) => JSON.parse(readFileSync(at(file), "utf8"));
const lines = (name: string): Record<string, number>[] =>
  readFileSync(at("runs", name, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const trainAs = (name: string, ...args: string[]) => ["train", "--config", "tiny.json", "--name", name, ...args];
const set = (...settings: string[]) => settings.flatMap((setting) => ["--set", setting]);

let printed: string;
beforeAll(async () => {
  folder = workFolder();
  const args = trainAs("first", "--steps", "40", ...set("log.everySteps=4", "sample.perClass=2"), "--json");
  printed = await ditOk(folder, args, { env: { DIT_TRAIN_SEED: "3" } });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("dit train", () => {
  it("prints one JSON object", () => {
    expect(printed).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(printed)).toEqual({
      run: expect.stringMatching(/first$/),
      step: 40,
      loss: expect.any(Number),
      report: expect.stringMatching(/report\.html$/),
    });
  });

  it("leaves exactly the files that a run has", () => {
    const checkpoint = (step: string) =>
      ["ema.safetensors", "model.safetensors", "optimizer.safetensors", "state.json"].map(
        (file) => `checkpoints/step-${step}/${file}`,
      );
    const files = filesUnder(at(run));
    expect(files.filter((name) => !name.startsWith("tensorboard/"))).toEqual([
      ...checkpoint("000030"),
      ...checkpoint("000040"),
      "config.json",
      "env.json",
      "metrics.jsonl",
      "report.html",
      "samples/step-000020.png",
      "samples/step-000040.png",
    ]);
    expect(files.filter((name) => name.startsWith("tensorboard/"))).toEqual([
      expect.stringMatching(/events\.out\.tfevents\.[\w.]+$/),
    ]);
  });

  it("writes each setting with its origin", () => {
    const { $origins, ...config } = json(`${run}/config.json`);
    expect(config.train).toMatchObject({ steps: 40, batchSize: 4, seed: 3, warmup: 0 });
    expect($origins).toMatchObject({
      "train.warmup": "default",
      "train.batchSize": "file tiny.json",
      "train.seed": "env DIT_TRAIN_SEED",
      "train.steps": "flag --steps",
      "log.everySteps": "--set",
    });
  });

  it("logs every fourth step once, with the validation loss where it is measured", () => {
    const steps = [4, 8, 10, 12, 16, 20, 24, 28, 30, 32, 36, 40];
    expect(lines("first").map(({ step }) => step)).toEqual(steps);
    for (const line of lines("first")) {
      expect(line).toMatchObject({ loss: expect.any(Number), mse: expect.any(Number), vb: expect.any(Number) });
      expect("validationLoss" in line).toBe(line.step! % 10 === 0);
    }
  });

  it("writes a report that needs nothing else, and writes it again", async () => {
    const report = readFileSync(at(run, "report.html"), "utf8");
    for (const [, address] of report.matchAll(/\b(?:src|href)="([^"]*)"/g)) expect(address).toMatch(/^data:/);
    expect(report).not.toMatch(/https?:|@import|<link|fetch\(/);
    for (const text of [
      "12,304 parameters",
      "Node",
      "onnxruntime-node",
      "step-000040",
      'class="badge">best',
      "flag --steps",
    ]) {
      expect(report).toContain(text);
    }
    rmSync(at(run, "report.html"));
    expect(await ditOk(folder, ["report", run])).toMatch(/^runs.first.report\.html\n$/);
    expect(readFileSync(at(run, "report.html"), "utf8")).toBe(report);
  });

  it("gives the same bytes for the same seed, whatever the calls, the logs and the name", async () => {
    const weights = (name: string) => hashesUnder(at("runs", name, "checkpoints/step-000040"))["model.safetensors"];
    const settings = set("train.stepsPerCall=3", "sample.everySteps=40", "log.everySteps=7");
    await ditOk(folder, trainAs("again", "--steps", "40", "--seed", "3", ...settings));
    await ditOk(folder, trainAs("other", "--steps", "40", "--seed", "4"));
    expect(weights("again")).toBe(weights("first"));
    expect(weights("other")).not.toBe(weights("first"));
  });

  it("moves an earlier run of the name aside when it is told to", async () => {
    await ditOk(folder, trainAs("aside", "--steps", "10", "--seed", "1"));
    const earlier = hashesUnder(at("runs", "aside"));
    await ditOk(folder, [...trainAs("aside", "--steps", "10", "--seed", "2"), "--move-aside"]);
    expect(hashesUnder(at("runs", "aside-2"))).toEqual(earlier);
    expect(hashesUnder(at("runs", "aside", "checkpoints"))).not.toEqual(
      hashesUnder(at("runs", "aside-2", "checkpoints")),
    );
  });

  it("keeps the newest checkpoints, every so many and the best", async () => {
    const settings = set("checkpoint.everySteps=5", "checkpoint.keepEvery=20", "checkpoint.keepLast=2");
    // So large a learning rate that the loss goes up and down.
    await ditOk(
      folder,
      trainAs("kept", "--steps", "50", "--learning-rate", "0.05", ...settings, ...set("train.ema.decay=0")),
    );
    const measured = lines("kept").filter(({ validationLoss }) => validationLoss !== undefined);
    const best = measured.reduce((low, line) => (line.validationLoss! < low.validationLoss! ? line : low)).step!;
    const kept = filesUnder(at("runs/kept/checkpoints")).filter((name) => name.endsWith("state.json"));
    const expected = [...new Set([20, 40, 45, 50, best])].sort((a, b) => a - b);
    expect(kept.map((name) => Number(name.slice("step-".length, 11)))).toEqual(expected);
  });

  it("trains every kind of network and draws from it", async () => {
    const kinds = { x0: ["x0", "ddim"], v: ["v", "ddpm"] };
    for (const [name, [prediction, sampler]] of Object.entries(kinds)) {
      const settings = set(
        `diffusion.prediction=${prediction}`,
        "learnSigma=false",
        "diffusion.loss=mse",
        `sample.sampler=${sampler}`,
      );
      await ditOk(folder, trainAs(name, "--steps", "5", ...settings));
      await ditOk(folder, ["sample", `runs/${name}`, "--sampler", sampler!, "--steps", "3", "--out", `${name}.png`]);
      expect(existsSync(at(`${name}.png`))).toBe(true);
    }
  });

  it("stops in one line when the loss is no number any more, and keeps what was saved", async () => {
    await ditOk(folder, trainAs("diverging", "--steps", "10"));
    const further = ["train", "--resume", "runs/diverging", "--steps", "100", "--learning-rate", "1e30"];
    const { code, stderr } = await dit(folder, further);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: the loss is (NaN|-?Infinity) at step \d+ \(the first such value is \w+ f32\[.*\] in .*\); lower the learning rate or set a gradient clip$/m,
    );
    expect(filesUnder(at("runs/diverging/checkpoints"))).toContain("step-000010/ema.safetensors");
    await ditOk(folder, ["report", "runs/diverging"]);
  });

  it("streams events as lines of JSON", async () => {
    const output = await ditOk(folder, trainAs("streamed", "--json=stream"));
    const events = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(new Set(events.map(({ event }) => event))).toEqual(
      new Set(["note", "progress", "metrics", "checkpoint", "result"]),
    );
    expect(events.at(-1)).toMatchObject({ event: "result", step: 20 });
    expect(events.filter(({ event }) => event === "metrics").map(({ step }) => step)).toEqual([5, 10, 15, 20]);
  });
});

describe("dit train --init", () => {
  it("starts from the given weights", async () => {
    // So small a learning rate that no weight moves.
    await ditOk(
      folder,
      trainAs("tuned", "--steps", "1", "--init", run, "--learning-rate", "1e-30", ...set("log.everySteps=1")),
    );
    const tensors = (file: string) =>
      new Map([...readSafetensors(readFileSync(at(file))).tensors].map(([name, { bytes }]) => [name, bytes]));
    expect(tensors("runs/tuned/checkpoints/step-000001/model.safetensors")).toEqual(
      tensors(`${run}/checkpoints/step-000040/ema.safetensors`),
    );
    expect(lines("tuned")[0]!.loss).toBeCloseTo(
      await firstLoss(await loadModel(at(run, "checkpoints/step-000040/ema.safetensors"))),
      5,
    );
  });

  it("needs the weights no longer once there is a checkpoint", async () => {
    await ditOk(folder, trainAs("base", "--steps", "2"));
    await ditOk(folder, trainAs("child", "--steps", "2", "--init", "runs/base"));
    rmSync(at("runs/base"), { recursive: true });
    await ditOk(folder, ["train", "--resume", "runs/child", "--steps", "4"]);
    expect(filesUnder(at("runs/child/checkpoints"))).toContain("step-000004/ema.safetensors");
  });

  /** What the float64 reference says of the first batch. */
  async function firstLoss({ config, weights }: Model): Promise<number> {
    const images = await openDataset(`folder:${at("data")}`, { imageSize: 8 });
    let loss = Number.NaN;
    const onMetrics = (metrics: { loss: number }) => {
      loss = metrics.loss;
    };
    const { train: data } = split(images, 0.2, 0);
    await train({ model: config, data, backend: reference(), steps: 1, batchSize: 4, init: weights, onMetrics });
    return loss;
  }
});

describe("dit sample", () => {
  it("writes a PNG that says what remakes it", async () => {
    const args = ["--class", "light,0", "--per-class", "3", "--steps", "4", "--cfg", "2", "--seed", "7"];
    const result = JSON.parse(await ditOk(folder, ["sample", run, ...args, "--out", "new/grid.png", "--json"]));
    expect(result).toMatchObject({ images: 6, out: "new/grid.png", npz: null });
    const { text, width, height } = readPng(readFileSync(at("new/grid.png")), "grid.png");
    expect(text).toMatchObject({ "dit:model": run, "dit:seed": "7", "dit:classes": "1,1,1,0,0,0" });
    expect(JSON.parse(text["dit:settings"]!)).toMatchObject({
      sampler: "ddim",
      steps: 4,
      guidance: 2,
      eta: 0,
      clip: true,
    });
    // Three in a row, each enlarged ninefold from 8 pixels, with 4 pixels between and around them.
    expect([width, height]).toEqual([3 * 72 + 4 * 4, 2 * 72 + 3 * 4]);
  });

  it("writes an npz of bytes and labels, the same however many are drawn at a time", async () => {
    const draw = async (name: string, ...args: string[]) => {
      await ditOk(folder, ["sample", run, "--per-class", "5", "--steps", "4", "--seed", "1", "--npz", name, ...args]);
      return readNpz(at(name));
    };
    const [all, some, exact] = [
      await draw("all.npz"),
      await draw("some.npz", "--batch", "3"),
      await draw("exact.npz", "--backend", "reference"),
    ];
    expect([all.arr_0!.descr, all.arr_0!.shape, all.arr_1!.descr, all.arr_1!.shape]).toEqual([
      "|u1",
      "10, 8, 8, 3",
      "<i8",
      "10,",
    ]);
    const labels = all.arr_1!.data;
    expect([...new BigInt64Array(labels.buffer.slice(labels.byteOffset, labels.byteOffset + labels.length))]).toEqual([
      ...new Array(5).fill(0n),
      ...new Array(5).fill(1n),
    ]);
    // A kernel may round another way in batches of another size, and the reference computes in float64: one step of 255.
    for (const other of [some, exact])
      expect(largestDifference(other.arr_0!.data, all.arr_0!.data)).toBeLessThanOrEqual(1);
    expect(new Set(all.arr_0!.data).size).toBeGreaterThan(10);
  });

  it("finds a name of its own and overwrites nothing", async () => {
    const draw = () => ditOk(folder, ["sample", `${run}/checkpoints/step-000030`, "--steps", "2", "--per-class", "1"]);
    expect(await draw()).toMatch(/: samples\.png\n$/);
    expect(await draw()).toMatch(/: samples-2\.png\n$/);
    expect(hashesUnder(folder)["samples-2.png"]).toBe(hashesUnder(folder)["samples.png"]);
  });

  // Windows has no signals that a process could catch.
  it.skipIf(process.platform === "win32")("stops with SIGINT and exit code 130, and writes nothing", async () => {
    const { child, outcome } = start(folder, [
      "sample",
      run,
      "--steps",
      "1000",
      "--per-class",
      "100",
      "--out",
      "never.png",
    ]);
    child.stderr!.once("data", () => child.kill("SIGINT"));
    const { code, stderr } = await outcome;
    expect([code, stderr.trim().split("\n").at(-1)]).toEqual([130, "stopped; no image was written"]);
    expect(existsSync(at("never.png"))).toBe(false);
  });

  it("draws without guidance from a model that knows none", async () => {
    await ditOk(folder, trainAs("unguided", "--steps", "2", ...set("classDropout=0")));
    const { settings } = JSON.parse(
      await ditOk(folder, ["sample", "runs/unguided", "--steps", "2", "--out", "u.png", "--json"]),
    );
    expect(settings.guidance).toBe(1);
  });
});

describe("dit inspect and doctor", () => {
  it("say the same to programs as to people", async () => {
    const inspection = JSON.parse(await ditOk(folder, ["inspect", run, "--json"]));
    const { dit: architecture } = inspection.config;
    expect(inspection).toMatchObject({
      values: 12304,
      parameters: countParams(ditSpec(architecture)),
      config: { classNames: ["dark", "light"] },
    });
    expect(inspection.tensors).toContainEqual({ name: "blocks.0.attn.qkv.weight", dtype: "F32", shape: [48, 16] });
    expect(await ditOk(folder, ["inspect", run])).toContain("blocks.0.attn.qkv.weight");
    const { environment, backends } = JSON.parse(await ditOk(folder, ["doctor", "--json"]));
    const working = backends.flatMap(({ backend, works }: { backend: string; works: boolean }) =>
      works ? [backend] : [],
    );
    // The last one has to be a GPU's, which not every machine has.
    expect(working).toEqual(expect.arrayContaining(["ort", "tfjs-cpu", "tfjs-wasm", "reference"]));
    expect(json(`${run}/env.json`).node).toBe(environment.node);
  });
});

describe("dit convert", () => {
  it("writes a run's model for diffusers and back, and samples from either as before", async () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    writeFileSync(at(`.killed.safetensors.${pid}-0123abcd.tmp`), "");
    const note = await ditOk(folder, ["convert", run, "for-diffusers"]);
    expect(note).toContain("diffusers computes another function");
    await ditOk(folder, ["convert", run, "plain.safetensors"]);
    await ditOk(folder, ["convert", "for-diffusers", "new/back.safetensors"]);
    const inspect = async (path: string) => JSON.parse(await ditOk(folder, ["inspect", path, "--json"]));
    const [plain, back] = [await inspect("plain.safetensors"), await inspect("new/back.safetensors")];
    expect(back.config.dit).toEqual({ ...plain.config.dit, timestepDivisor: 127, labelStd: 0.02 });
    expect((await inspect("for-diffusers")).looksLike).toBe("a DiT of diffusers");
    const weights = async (path: string) => (await loadModel(at(path))).weights;
    const [before, after] = [await weights("plain.safetensors"), await weights("new/back.safetensors")];
    for (const [name, { data }] of Object.entries(before)) expect(after[name]!.data).toEqual(data);
    const again = await dit(folder, ["convert", run, "plain.safetensors"]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("plain.safetensors is there already")]);
    expect(filesUnder(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

interface NpyMember {
  readonly descr: string;
  readonly shape: string;
  readonly data: Uint8Array;
}

function readNpz(file: string): Record<string, NpyMember> {
  const members = Object.entries(unzipSync(readFileSync(file)));
  return Object.fromEntries(members.map(([name, bytes]) => [name.replace(/\.npy$/, ""), readNpy(bytes)]));
}

function readNpy(bytes: Uint8Array): NpyMember {
  const end = 10 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  const header = new TextDecoder("latin1").decode(bytes.subarray(10, end));
  const [, descr, shape] = /'descr': '([^']+)', 'fortran_order': False, 'shape': \(([^)]*)\)/.exec(header)!;
  return { descr: descr!, shape: shape!, data: bytes.subarray(end) };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((worst, x, i) => Math.max(worst, Math.abs(x - b[i]!)), 0);
}
