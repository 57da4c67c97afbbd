import { castPrecision, diffusionDefaults, ditConfig, type HostTensor, hostF32, hostI32, normal } from "@dit/core";
import { formulaWeights } from "@dit/testkit";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { ort } from "../backend";
import { networkGraph } from "../export";
import { quantizedWeights } from "../lower/quantizedWeights";
import { encodeModel } from "../onnx/encode";
import { bytesOfTensor } from "../onnx/model";
import { dynamicBatch } from "./dynamicBatch";
import { graphProgram } from "./graphProgram";
import { type ExportDType, exportFormats, type ProgramOptions } from "./programOptions";

const dit = ditConfig(undefined, { inputSize: [8, 8], hiddenSize: 128, depth: 2, heads: 4, numClasses: 5 });
const model = { config: { dit, diffusion: diffusionDefaults }, weights: formulaWeights(dit) };
const network = (options?: ProgramOptions) =>
  graphProgram((batchSize) => networkGraph(model, batchSize), model.weights, options);
const batch = 2;
const x = normal({ seed: 0, stream: "x", step: 0, sample: 0 }, batch * 256);

async function expected(weights: Readonly<Record<string, HostTensor>>): Promise<Float32Array> {
  const backend = await ort();
  const executable = await backend.compile(networkGraph(model, batch));
  const feeds = { x: hostF32([batch, 4, 8, 8], x), t: hostF32([batch], [30, 800]), y: hostI32([batch], [1, 4]) };
  const { output } = await executable.run({ ...weights, ...feeds });
  const { data } = await output!.read();
  await backend.dispose();
  return data as Float32Array;
}

/** The largest difference, as a part of the largest value. */
function error(actual: Float32Array, wanted: Float32Array): number {
  const largest = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return wanted.reduce((most, v, i) => Math.max(most, Math.abs(v - actual[i]!)), 0) / largest;
}

// Bytes to a weight: 4, 2, 1 and a half with its scale; what is thin, tables and biases stay as they are.
test.each<[ExportDType, number, number]>([
  ["f16", 2e-3, 0.55],
  ["q8", 2e-2, 0.35],
  ["q4", 2e-2, 0.24],
  ["q4f16", 2e-2, 0.2],
])("%s computes what its weights stand for, in a file of that size", async (dtype, tolerance, share) => {
  const onnx = dynamicBatch(network({ dtype }));
  const sizeOf = ({ graph: { initializers = [] } }: typeof onnx) =>
    initializers.reduce((sum, tensor) => sum + bytesOfTensor(tensor), 0);
  expect(sizeOf(onnx) / sizeOf(dynamicBatch(network()))).toBeLessThan(share);

  const session = await InferenceSession.create(encodeModel(onnx));
  const { output } = await session.run({
    x: new Tensor("float32", x, [batch, 4, 8, 8]),
    t: new Tensor("float32", [30, 800], [batch]),
    y: new Tensor("int32", [1, 4], [batch]),
  });
  await session.release();
  expect(output!.type).toBe("float32");
  const { precision, weights } = exportFormats[dtype];
  const graph = castPrecision(networkGraph(model, batch), precision);
  const stored = weights === "f32" ? model.weights : quantizedWeights(graph, model.weights, weights);
  expect(error(output!.data as Float32Array, await expected(stored))).toBeLessThan(tolerance);
});
