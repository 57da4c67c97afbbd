import { diffusionDefaults, ditConfig, f32, hostF32, hostI32, normal, trace } from "@dit/core";
import { formulaWeights } from "@dit/testkit";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { ort } from "../backend";
import { networkGraph } from "../export";
import { encodeModel } from "../onnx/encode";
import { attr } from "../onnx/model";
import { dynamicBatch } from "./dynamicBatch";
import { graphProgram } from "./graphProgram";
import type { ProgramOptions } from "./programOptions";

const dit = ditConfig(undefined, { inputSize: [8, 8], hiddenSize: 64, depth: 2, heads: 4, numClasses: 5 });
const model = { config: { dit, diffusion: diffusionDefaults }, weights: formulaWeights(dit) };
const network = (options?: ProgramOptions) =>
  graphProgram((batchSize) => networkGraph(model, batchSize), model.weights, options);

describe.each([18, 20, 23])("a network of operator set %d", (opset) => {
  test("is one file for every batch size, of standard operators alone", async () => {
    const onnx = dynamicBatch(network({ opset }));
    expect(onnx.opsets).toEqual({ "": opset });
    expect(onnx.graph.inputs.map(({ shape }) => shape)).toEqual([["batch", 4, 8, 8], ["batch"], ["batch"]]);
    expect(onnx.graph.outputs[0]!.shape).toEqual(["batch", 8, 8, 8]);
    const session = await InferenceSession.create(encodeModel(onnx));
    const backend = await ort();
    for (const batch of [1, 2, 5]) {
      const x = normal({ seed: 0, stream: "x", step: 0, sample: 0 }, batch * 256);
      const [t, y] = [Float32Array.from({ length: batch }, (_, i) => 999 - 200 * i), new Int32Array(batch).fill(3)];
      const actual = await session.run({
        x: new Tensor("float32", x, [batch, 4, 8, 8]),
        t: new Tensor("float32", t, [batch]),
        y: new Tensor("int32", y, [batch]),
      });
      const executable = await backend.compile(networkGraph(model, batch));
      const feeds = { x: hostF32([batch, 4, 8, 8], x), t: hostF32([batch], t), y: hostI32([batch], y) };
      const expected = await (await executable.run({ ...model.weights, ...feeds })).output!.read();
      const worst = (actual.output!.data as Float32Array).reduce(
        (most, v, i) => Math.max(most, Math.abs(v - (expected.data as Float32Array)[i]!)),
        0,
      );
      expect(actual.output!.dims).toEqual(expected.shape);
      expect(worst).toBeLessThan(2e-5);
    }
    await session.release();
    await backend.dispose();
  });
});

test.each(["f32", "f16", "q8", "q4", "q4f16"] as const)(
  "no batch is taken apart in %s, however large its samples",
  (dtype) => {
    const wide = ditConfig(undefined, { inputSize: [32, 32], hiddenSize: 256, depth: 1, heads: 4, numClasses: 5 });
    const { weights, config } = { weights: formulaWeights(wide), config: { dit: wide, diffusion: diffusionDefaults } };
    const onnx = dynamicBatch(graphProgram((size) => networkGraph({ config }, size), weights, { dtype }));
    expect(onnx.graph.outputs[0]!.shape).toEqual(["batch", 8, 32, 32]);
  },
);

describe("what a shape cannot tell", () => {
  const port = (batch: number) => ({ name: "x", elementType: "float32", shape: [batch] }) as const;
  const model = (batch: number, power: number) => ({
    irVersion: 10,
    opsets: { "": 23 },
    graph: {
      name: "odd",
      nodes: [
        { opType: "LeakyRelu", name: "relu", inputs: ["x"], outputs: ["y"], attributes: { alpha: attr.float(power) } },
      ],
      inputs: [port(batch)],
      outputs: [{ ...port(batch), name: "y" }],
    },
  });

  test("is an error that names it", () => {
    expect(() => dynamicBatch((batch) => model(batch, batch))).toThrow("alpha of relu depends on the batch size");
    expect(() => dynamicBatch((batch) => model(batch, 1))).not.toThrow();
    const mean = (size: number) =>
      trace("mean", { x: f32([size, 2]) }, ({ x }) => ({ y: x.sub(x.mean([0], { keepDims: true })) }));
    expect(() => dynamicBatch(graphProgram(mean, {}))).toThrow("depends on the batch size");
  });
});
