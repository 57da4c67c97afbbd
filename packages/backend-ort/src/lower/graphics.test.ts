import { castPrecision, type DiTConfig, diffusionDefaults, ditConfig } from "@dit/core";
import { formulaInput, formulaInts, formulaWeights } from "@dit/testkit";
import { describe, expect, test } from "vitest";
import { networkGraph } from "../export";
import { encodeModel } from "../onnx/encode";
import type { ModelProto } from "../onnx/model";
import { node } from "../platform/node";
import { cuda, webgpu } from "./graphics";
import { lowerGraph } from "./lowerGraph";

const dit = ditConfig(undefined, { inputSize: [8, 8], hiddenSize: 64, depth: 2, heads: 4, numClasses: 5 });
const networkOf = (dit: DiTConfig) => networkGraph({ config: { dit, diffusion: diffusionDefaults } }, 2);
const network = networkOf(dit);
const weights = formulaWeights(dit);

/** A model's output on the processor: the models for GPUs are made of operators that it knows too. */
async function outputOf(model: ModelProto): Promise<Float32Array> {
  const { InferenceSession, Tensor } = await node.load("cpu", undefined);
  const session = await InferenceSession.create(encodeModel(model), { logSeverityLevel: 4 });
  const { output } = await session.run({
    x: new Tensor("float32", formulaInput("x", [2, 4, 8, 8]).data, [2, 4, 8, 8]),
    t: new Tensor("float32", Float32Array.of(17, 640), [2]),
    y: new Tensor("int32", formulaInts("y", [2], 6).data as Int32Array, [2]),
  });
  await session.release();
  return output!.data as Float32Array;
}

const errorOf = (actual: Float32Array, expected: Float32Array) => {
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return expected.reduce((worst, x, i) => Math.max(worst, Math.abs(x - actual[i]!)), 0) / largest;
};

describe.each([
  ["cuda", cuda],
  ["webgpu", webgpu],
])("what is built for %s", (_, target) => {
  test.each([
    ["f32", "layer", 1e-5],
    ["f32", "rms", 1e-5],
    ["f16", "layer", 0.01],
    ["f16", "rms", 0.01],
  ] as const)("computes the same on the processor, in %s with %s norms", async (precision, norm, tolerance) => {
    const network = networkOf({ ...dit, norm });
    const expected = await outputOf(lowerGraph(network, weights));
    const actual = await outputOf(lowerGraph(castPrecision(network, precision), weights, target));
    expect(errorOf(actual, expected)).toBeLessThan(tolerance);
  });

  test.each(["layer", "rms"] as const)("has no operator that would be left to the processor, with %s norms", (norm) => {
    const { graph, opsets } = lowerGraph(castPrecision(networkOf({ ...dit, norm }), "f16"), weights, target);
    expect(opsets).toEqual({ "": 18, "com.microsoft": 1 });
    const used = new Set(graph.nodes.map(({ opType }) => opType));
    for (const opType of ["Attention", "RMSNormalization", "Gelu", "Shape", "ScatterND"])
      expect(used).not.toContain(opType);
    expect(used).toContain("MultiHeadAttention");
  });
});

test("attention is computed in f32 on webgpu, in a network of half precision", () => {
  const inputsOf = (target: typeof cuda) => {
    const { graph } = lowerGraph(castPrecision(network, "f16"), weights, target);
    const attention = graph.nodes.find(({ opType }) => opType === "MultiHeadAttention")!;
    return graph.nodes.find(({ outputs }) => outputs.includes(attention.inputs[0]!))!.opType;
  };
  expect([inputsOf(cuda), inputsOf(webgpu)]).toEqual(["Reshape", "Cast"]);
});
