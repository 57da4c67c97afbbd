import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportProgram, ort, trainStepProgram } from "@dit/backend-ort";
import { adamwDefaults, type Dataset, diffusionDefaults, ditConfig, type HostTensor, normal, train } from "@dit/core";
import { adamwScalarsAt, carryOf, firstState, prefixed, stackScalars, trainingBatches } from "@dit/core/internal";
import { afterAll, expect, test } from "vitest";

// An exported train step trains in Python as it does here.

const interpreter = process.env.PYTHON ?? "python3";
const python = (code: string, ...args: string[]) => spawnSync(interpreter, ["-c", code, ...args], { encoding: "utf8" });
const hasRuntime = python("import numpy, onnxruntime").status === 0;
const why = hasRuntime ? "" : ` (skipped: ${interpreter} has no numpy and onnxruntime; PYTHON names another)`;

const folder = mkdtempSync(join(tmpdir(), "python-training-"));
afterAll(() => rmSync(folder, { recursive: true }));

const dit = ditConfig(undefined, {
  inputSize: [8, 8],
  inChannels: 1,
  hiddenSize: 32,
  depth: 1,
  heads: 2,
  numClasses: 3,
});
const model = { dit, diffusion: diffusionDefaults };
const [batchSize, steps, seed, learningRate] = [4, 20, 3, 1e-3];
const data: Dataset = {
  imageShape: [1, 8, 8],
  classNames: ["a", "b", "c"],
  size: 12,
  flip: false,
  label: (i) => i % 3,
  read: (i, out, at) => out.set(normal({ seed: i % 3, stream: "blob", step: 0, sample: 0 }, 64), at),
};

/** The whole of training: a step at a time, what comes out as next.* goes in again as carry.* */
const trainer = `
import json, sys
import numpy as np
import onnxruntime

folder = sys.argv[1]
ports = json.load(open(folder + "/ports.json"))
session = onnxruntime.InferenceSession(folder + "/train_step.onnx", providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
read = lambda name: np.fromfile(f"{folder}/{name}", ports[name]["dtype"]).reshape(ports[name]["shape"])
carry = {name: read(name) for name in ports if name.startswith("carry.")}
xs = {name: read(name) for name in ports if name.startswith("xs.")}
losses = []
for i in range(${steps}):
    feeds = {"steps": np.array(1, np.int64), **carry, **{name: x[i : i + 1] for name, x in xs.items()}}
    outputs = dict(zip(names, session.run(None, feeds)))
    losses.append(float(outputs["ys.loss"][0]))
    carry = {name: outputs[name.replace("carry", "next", 1)] for name in carry}
print(json.dumps(losses))
`;

test.skipIf(!hasRuntime)(`twenty steps in Python are the library's${why}`, async () => {
  const curve: number[] = [];
  const backend = await ort();
  await train({
    model,
    data,
    backend,
    steps,
    batchSize,
    seed,
    learningRate,
    onMetrics: ({ loss }) => curve.push(loss),
  });
  await backend.dispose();

  const start = firstState(model, seed);
  const program = trainStepProgram(model, start.params, { adamw: adamwDefaults });
  const onnx = exportProgram(program, { batchSize, dataFile: "train_step.onnx_data" });
  writeFileSync(join(folder, "train_step.onnx_data"), Buffer.concat([...onnx.data]));
  writeFileSync(join(folder, "train_step.onnx"), onnx.model({}));
  const scalars = Array.from({ length: steps }, (_, i) => ({
    ...prefixed("adamw", adamwScalarsAt(i + 1, learningRate, adamwDefaults)),
    emaDecay: 0.9999,
  }));
  const batches = trainingBatches(data, model, batchSize, seed).batches(0, steps);
  const xs = { ...prefixed("batch", { ...batches }), ...stackScalars(scalars) };
  const feeds = { ...prefixed("carry", carryOf(model, start)), ...prefixed("xs", xs) } as Record<string, HostTensor>;
  for (const [name, value] of Object.entries(feeds)) writeFileSync(join(folder, name), value.data);
  const ports = Object.entries(feeds).map(([name, { dtype, shape }]) => [
    name,
    { dtype: dtype === "i32" ? "<i4" : "<f4", shape },
  ]);
  writeFileSync(join(folder, "ports.json"), JSON.stringify(Object.fromEntries(ports)));

  const { stdout, stderr, status } = python(trainer, folder);
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  const losses = JSON.parse(stdout) as number[];
  expect(losses).toHaveLength(steps);
  for (const [i, loss] of losses.entries()) expect(loss / curve[i]!).toBeCloseTo(1, 5);
});
