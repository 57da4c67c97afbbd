import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { modelToFolder } from "./define/checkpoint/modelFolder";
import { type DiffusionConfig, diffusionDefaults } from "./define/diffusion/config";
import { ditConfig } from "./define/dit/config";
import { ditSpec } from "./define/dit/dit";
import { diffusersNumerics } from "./define/dit/numerics";
import { initialize } from "./define/initialize";
import { modelToSafetensors } from "./define/modelFile";
import { concatBytes } from "./host/concatBytes";
import { readSafetensors, writeSafetensors } from "./host/safetensors";
import { loadModel, openTensorFile } from "./node";
import { toyModel } from "./run/toyModel";

const folder = mkdtempSync(join(tmpdir(), "node-"));
afterAll(() => rmSync(folder, { recursive: true }));

const model = { config: toyModel, weights: initialize(ditSpec(toyModel.dit), 1) };
const fileOf = (name: string, bytes = modelToSafetensors(model)) => {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
};

test("a model in a file has the weights of the same model in memory", async () => {
  const loaded = await loadModel(fileOf("model.safetensors"));
  expect(Object.keys(loaded.weights)).toEqual(Object.keys(model.weights));
  for (const [name, { shape, data }] of Object.entries(model.weights)) {
    expect(loaded.weights[name]!.shape).toEqual(shape);
    expect(loaded.weights[name]!.data).toEqual(data);
  }
});

test("opening a file reads its header, a tensor its own bytes", () => {
  const file = fileOf("tensors.safetensors");
  const whole = readFileSync(file);
  const [first, second, ...rest] = [...openTensorFile(file).tensors.values()];
  const at = whole.length - [first, second, ...rest].reduce((sum, entry) => sum + entry!.bytes.length, 0);
  expect(first!.bytes).toEqual(new Uint8Array(whole.subarray(at, at + first!.bytes.length)));
  expect(second!.bytes.buffer.byteLength).toBe(second!.bytes.length);
  expect(() => openTensorFile(join(folder, "missing"))).toThrow(/missing: ENOENT/);
  expect(() => openTensorFile(fileOf("short", new Uint8Array(5)))).toThrow(/short: safetensors: truncated/);
});

test("a file that changes while it is in use is an error, not other numbers", async () => {
  const file = fileOf("changing.safetensors");
  const { weights } = await loadModel(file);
  const { pos_embed } = weights;
  expect(pos_embed!.data.length).toBeGreaterThan(0);
  writeFileSync(file, new Uint8Array(12));
  expect(() => pos_embed!.data).toThrow(/changing.safetensors: the file was changed/);
});

test("a pipeline of diffusers, its weights in two shards, has the scheduler's diffusion and the class names", async () => {
  const dit = ditConfig(undefined, { inputSize: [4, 4], hiddenSize: 8, depth: 1, heads: 2, numClasses: 2 });
  const pieces = modelToFolder({ config: { dit, diffusion: diffusionDefaults }, weights: initialize(ditSpec(dit), 1) });
  const { tensors } = readSafetensors(concatBytes([...pieces["diffusion_pytorch_model.safetensors"]!]));
  const place = join(folder, "pipeline");
  mkdirSync(join(place, "transformer"), { recursive: true });
  mkdirSync(join(place, "scheduler"));
  const write = (name: string, value: object) => writeFileSync(join(place, name), JSON.stringify(value));
  const shards = [0, 1].map((k) => new Map([...tensors].filter((_, i) => i % 2 === k)));
  const map = shards.flatMap((shard, k) => [...shard.keys()].map((name) => [name, `part-${k}.safetensors`]));
  shards.forEach((shard, k) => {
    writeFileSync(join(place, `transformer/part-${k}.safetensors`), writeSafetensors(shard));
  });
  write("transformer/diffusion_pytorch_model.safetensors.index.json", { weight_map: Object.fromEntries(map) });
  writeFileSync(join(place, "transformer/config.json"), concatBytes([...pieces["config.json"]!]));
  write("model_index.json", { id2label: { 0: "cat", 1: "dog" } });
  const scheduler = { num_train_timesteps: 500, beta_schedule: "squaredcos_cap_v2", prediction_type: "v_prediction" };
  write("scheduler/scheduler_config.json", scheduler);

  const { config } = await loadModel(place);
  expect(config).toEqual({
    dit: { ...dit, ...diffusersNumerics, mlpNormEpsilon: 1e-6 },
    diffusion: { ...diffusionDefaults, timesteps: 500, schedule: "cosine", prediction: "v" },
    classNames: ["cat", "dog"],
  });
  const ends = { beta_start: 0.001, beta_end: 0.03 };
  const scheduleOf = async (beta_schedule: string, rest: object) => {
    write("scheduler/scheduler_config.json", { ...scheduler, beta_schedule, ...rest });
    return ((await loadModel(place)).config.diffusion as DiffusionConfig).schedule;
  };
  expect(await scheduleOf("scaled_linear", ends)).toEqual({ name: "scaledLinear", ends: [0.001, 0.03] });
  expect(await scheduleOf("linear", ends)).toEqual({ name: "linear", ends: [0.001, 0.03] });
  expect(await scheduleOf("linear", { beta_start: 0.0002, beta_end: 0.04 })).toBe("linear");
  for (const [name, rest] of [
    ["sigmoid", ends],
    ["scaled_linear", {}],
  ] as const)
    await expect(scheduleOf(name, rest)).rejects.toThrow(
      /scheduler_config.json: the scheduler's settings .* not known/,
    );

  write("scheduler/scheduler_config.json", scheduler);
  writeFileSync(join(place, "model_index.json"), "{");
  await expect(loadModel(place)).rejects.toThrow("model_index.json: ");
  const transformer = JSON.parse(readFileSync(join(place, "transformer/config.json"), "utf8"));
  write("transformer/config.json", { ...transformer, sample_size: 1e9 });
  await expect(loadModel(place)).rejects.toThrow("transformer/config.json: sample_size 1000000000 with patch_size 2");
});
