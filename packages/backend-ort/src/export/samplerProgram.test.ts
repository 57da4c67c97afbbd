import {
  castPrecision,
  diffusionDefaults,
  ditConfig,
  flowDefaults,
  type Model,
  normal,
  type SampleSettings,
  sample,
  type Weights,
} from "@dit/core";
import { samplerTable, settingsFrom } from "@dit/core/internal";
import { formulaWeights } from "@dit/testkit";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { ort } from "../backend";
import { networkGraph } from "../export";
import { quantizedWeights } from "../lower/quantizedWeights";
import { encodeModel } from "../onnx/encode";
import { dynamicBatch } from "./dynamicBatch";
import { samplerProgram } from "./samplerProgram";

const dit = ditConfig(undefined, {
  inputSize: [8, 8],
  inChannels: 3,
  hiddenSize: 48,
  depth: 1,
  heads: 4,
  numClasses: 5,
});
const weights = formulaWeights(dit);
const chain: Model = { config: { dit, diffusion: diffusionDefaults }, weights };
const flow: Model = { config: { dit, diffusion: flowDefaults }, weights };
const size = 3 * 64;

/** The draws of one stream, image after image, as the library makes them. */
function draws(stream: string, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, sample) => [...normal({ seed: 7, stream, step, sample }, size)]).flat();
}

test.each<[string, Model, Partial<SampleSettings>]>([
  ["ddim", chain, { sampler: "ddim", steps: 4, guidance: 2 }],
  ["ddpm, which adds noise of learned variance", chain, { sampler: "ddpm", steps: 5, guidance: 1.5, clip: true }],
  ["a multistep solver, unguided", chain, { sampler: "dpm++2m", steps: 5, guidance: 1 }],
  ["guidance over a part of the way", chain, { sampler: "ddpm", steps: 6, guidance: 3, guidanceInterval: [300, 700] }],
  ["heun2 of a flow", flow, { sampler: "heun2", steps: 3, guidance: 2, guidanceRescale: 0.5 }],
])("one file draws what the library draws, at any batch size: %s", async (_, model, overrides) => {
  const settings = settingsFrom(model.config, overrides);
  const onnx = dynamicBatch(samplerProgram(model, settings));
  const names = onnx.graph.inputs.map(({ name }) => name);
  expect(onnx.opsets).toEqual({ "": 23 });
  const session = await InferenceSession.create(encodeModel(onnx));
  const backend = await ort();
  const rows = samplerTable(model.config, settings).rows.length;
  for (const classes of [[3], [0, 5, 1]]) {
    const count = classes.length;
    const stepNoise = Array.from({ length: rows }, (_, step) => draws("sampling", step, count)).flat();
    const feeds: Record<string, Tensor> = {
      noise: new Tensor("float32", draws("start", 0, count), [count, 3, 8, 8]),
      y: new Tensor("int32", classes, [count]),
      guidance: new Tensor("float32", [settings.guidance], []),
      stepNoise: new Tensor("float32", stepNoise, [rows, count, 3, 8, 8]),
    };
    const { images } = await session.run(Object.fromEntries(names.map((name) => [name, feeds[name]!])));
    const expected = await sample(model, { backend, classes, seed: 7, ...settings });
    const largest = expected.images.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const worst = expected.images.data.reduce(
      (most, v, i) => Math.max(most, Math.abs(v - (images!.data[i] as number))),
      0,
    );
    expect(images!.dims).toEqual([count, 3, 8, 8]);
    expect(worst / largest).toBeLessThan(1e-5);
  }
  await session.release();
  await backend.dispose();
});

test("a file in 4 bits and half precision draws what its weights stand for, though a loop holds it", async () => {
  const settings = settingsFrom(chain.config, { sampler: "ddim", steps: 3, guidance: 2 });
  const session = await InferenceSession.create(
    encodeModel(dynamicBatch(samplerProgram(chain, settings, { dtype: "q4f16" }))),
  );
  const { images } = await session.run({
    noise: new Tensor("float32", draws("start", 0, 1), [1, 3, 8, 8]),
    y: new Tensor("int32", [3], [1]),
    guidance: new Tensor("float32", [2], []),
  });
  await session.release();
  const backend = await ort();
  const graph = castPrecision(networkGraph(chain, 1), "f16");
  const held = { ...chain, weights: quantizedWeights(graph, weights, "int4") as Weights };
  const expected = (await sample(held, { backend, classes: [3], seed: 7, ...settings })).images.data;
  await backend.dispose();
  const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const worst = expected.reduce((most, v, i) => Math.max(most, Math.abs(v - (images!.data[i] as number))), 0);
  expect(worst / largest).toBeLessThan(1e-2);
});
