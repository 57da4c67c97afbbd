import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ditSpec } from "./define/dit/dit";
import { initialize } from "./define/initialize";
import { modelToSafetensors } from "./define/modelFile";
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
