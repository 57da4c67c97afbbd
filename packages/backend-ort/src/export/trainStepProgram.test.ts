import {
  adamwDefaults,
  type Dataset,
  diffusionDefaults,
  ditConfig,
  type HostTensor,
  type ModelConfig,
  normal,
  type StepMetrics,
  train,
} from "@dit/core";
import { adamwScalarsAt, carryOf, firstState, prefixed, stackScalars, trainingBatches } from "@dit/core/internal";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { ort } from "../backend";
import { encodeModel } from "../onnx/encode";
import { trainStepProgram } from "./trainStepProgram";

const dit = ditConfig(undefined, {
  inputSize: [8, 8],
  inChannels: 1,
  hiddenSize: 32,
  depth: 1,
  heads: 2,
  numClasses: 3,
});
const model: ModelConfig = { dit, diffusion: diffusionDefaults };
const [batchSize, steps, seed, learningRate] = [4, 20, 3, 1e-3];

const blobs: Dataset = {
  imageShape: [1, 8, 8],
  classNames: ["a", "b", "c"],
  size: 12,
  flip: false,
  label: (i) => i % 3,
  read: (i, out, at) => out.set(normal({ seed: i % 3, stream: "blob", step: 0, sample: 0 }, 64), at),
};

test("twenty steps of the file in a bare session are the library's", async () => {
  const curve: StepMetrics[] = [];
  const backend = await ort();
  const onMetrics = (metrics: StepMetrics) => curve.push(metrics);
  const { state } = await train({ model, data: blobs, backend, steps, batchSize, seed, learningRate, onMetrics });
  await backend.dispose();

  const start = firstState(model, seed);
  const program = trainStepProgram(model, start.params, { adamw: adamwDefaults });
  const onnx = program(batchSize);
  expect(onnx.opsets).toEqual({ "": 23 });
  const session = await InferenceSession.create(encodeModel(onnx));
  const source = trainingBatches(blobs, model, batchSize, seed);
  let carry = runtimeTensors(prefixed("carry", carryOf(model, start) as Record<string, HostTensor>));
  const losses: number[] = [];
  // Seven steps in a call, then six and seven: how many go into one is the caller's choice.
  for (const [first, count] of [
    [0, 7],
    [7, 6],
    [13, 7],
  ] as const) {
    const scalars = Array.from({ length: count }, (_, i) => ({
      ...prefixed("adamw", adamwScalarsAt(first + i + 1, learningRate, adamwDefaults)),
      emaDecay: 0.9999,
    }));
    const xs = { ...prefixed("batch", { ...source.batches(first, count) }), ...stackScalars(scalars) };
    const outputs = await session.run({
      steps: new Tensor("int64", BigInt64Array.of(BigInt(count)), []),
      ...carry,
      ...runtimeTensors(prefixed("xs", xs)),
    });
    losses.push(...(outputs["ys.loss"]!.data as Float32Array));
    carry = Object.fromEntries(Object.keys(carry).map((name) => [name, outputs[name.replace("carry", "next")]!]));
  }
  await session.release();
  expect(losses).toHaveLength(steps);
  for (const [i, loss] of losses.entries()) expect(loss / curve[i]!.loss).toBeCloseTo(1, 5);
  // The key's bias is left out: its gradient is zero but for rounding, which Adam makes whole steps of.
  const final = carry["carry.params.blocks.0.mlp.fc1.weight"]!.data as Float32Array;
  const expected = state.params["blocks.0.mlp.fc1.weight"]!.data;
  expect(Math.max(...final.map((v, i) => Math.abs(v - expected[i]!)))).toBeLessThan(1e-4);
});

const runtimeTypes = { f32: "float32", i32: "int32" } as const;

function runtimeTensors(feeds: Readonly<Record<string, HostTensor>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
      name,
      new Tensor(runtimeTypes[dtype as "f32"], data as Float32Array, shape),
    ]),
  );
}
