import {
  type Backend,
  bindParams,
  castPrecision,
  diffusionDefaults,
  ditConfig,
  f32,
  type Graph,
  type HostTensor,
  hostF32,
  hostI32,
  linear,
  linearSpec,
  type ModelConfig,
  paramTypes,
  reference,
  trace,
  uniformInts,
} from "@dit/core";
import { formulaInput, formulaWeights } from "@dit/testkit";
import { describe, expect, test } from "vitest";
import { ort } from "../backend";
import { networkGraph } from "../export";
import { lowerGraph } from "./lowerGraph";
import { processor } from "./processor";
import type { QuantizedFormat } from "./quantizedMatrix";
import { quantizedWeights } from "./quantizedWeights";

type Bound = Record<string, HostTensor>;

async function outputOf(backend: Backend, graph: Graph, constants: Bound, feeds: Bound): Promise<Float32Array> {
  const executable = await backend.compile(graph, { constants });
  const { output } = await executable.run(feeds);
  const { data } = await output!.read();
  await backend.dispose();
  return data as Float32Array;
}

/** Largest difference over largest value. */
function errorOf(actual: Float32Array, expected: Float32Array): number {
  const largest = (values: Float32Array) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return largest(actual.map((v, i) => v - expected[i]!)) / largest(expected);
}

const opsOf = (graph: Graph, bound: Bound, weights: QuantizedFormat) =>
  new Set(lowerGraph(graph, bound, processor(1, weights)).graph.nodes.map(({ opType }) => opType));

describe("one linear layer", () => {
  /** Whole numbers that 8 bits hold: a kernel that rounds its activations has nothing to round. */
  const wholeNumbers = (shape: readonly [number, number, number], op: "MatMulNBits" | "MatMulIntegerToFloat") => {
    const [, rows, columns] = shape;
    const x = uniformInts({ seed: 2, stream: "x", step: 0, sample: 0 }, rows * columns, 256);
    const data = Float32Array.from(x, (v) => v - 128);
    // One scale for all needs both ends of -128..127; a scale to each block needs 127 in each, and no -128.
    const hasBlocks = op === "MatMulNBits";
    data.forEach((v, i) => {
      data[i] = (i % columns) % 32 === 0 ? 127 : Math.max(hasBlocks ? -127 : -128, v);
    });
    if (!hasBlocks) data[1] = -128;
    return hostF32(shape, data);
  };
  const graphOf = (rows: number, inner: number, out: number) =>
    trace("layer", { x: f32([1, rows, inner]), weight: f32([out, inner]), bias: f32([out]) }, ({ x, ...p }) => ({
      output: linear(p, x),
    }));
  const boundOf = (inner: number, out: number) => ({
    weight: formulaInput("weight", [out, inner]),
    bias: formulaInput("bias", [out]),
  });

  test.each([
    ["int8", "of many tokens", [300, 256, 96], "MatMulIntegerToFloat"],
    ["int8", "of few tokens, and a short last block", [3, 160, 64], "MatMulNBits"],
    ["int4", "of few tokens, and a short last block", [3, 176, 64], "MatMulNBits"],
    ["int4", "of many tokens", [300, 256, 96], "MatMulNBits"],
  ] as const)("%s %s is the product with what the integers stand for", async (weights, _, [rows, inner, out], op) => {
    const [graph, bound] = [graphOf(rows, inner, out), boundOf(inner, out)];
    const x = wholeNumbers([1, rows, inner], op);
    const actual = await outputOf(await ort({ weights }), graph, bound, { x });
    const known = quantizedWeights(graph, bound, weights);
    expect(errorOf(actual, await outputOf(reference(), graph, known, { x }))).toBeLessThan(1e-5);
    expect(opsOf(graph, bound, weights)).toContain(op);
  });

  test("in half precision has scales in it", async () => {
    const [graph, bound] = [castPrecision(graphOf(3, 128, 64), "f16"), boundOf(128, 64)];
    const x = wholeNumbers([1, 3, 128], "MatMulNBits");
    const actual = await outputOf(await ort({ weights: "int4" }), graph, bound, { x });
    const known = quantizedWeights(graph, bound, "int4");
    expect(errorOf(actual, await outputOf(reference(), graph, known, { x }))).toBeLessThan(0.001);
    const types = lowerGraph(graph, bound, processor(1, "int4")).graph.initializers!.map(
      (tensor) => tensor.elementType,
    );
    expect(types).toContain("uint8");
    expect(types).not.toContain("float32");
  });

  test("with few channels on one side stays as it is", () => {
    const bound = boundOf(16, 128);
    expect(opsOf(graphOf(4, 16, 128), bound, "int8")).toEqual(new Set(["MatMul", "Add"]));
  });

  test("is refused where its weight comes with each run, by name", async () => {
    const spec = { blocks: [{ fc1: linearSpec(64, 64) }, { fc1: linearSpec(64, 64) }] };
    const graph = trace("network", { x: f32([2, 64]), params: paramTypes(spec).all }, ({ x, params }) => ({
      output: bindParams(spec, params).blocks.reduce((value, { fc1 }) => linear(fc1, value), x),
    }));
    const backend = await ort({ weights: "int8" });
    await expect(backend.compile(graph)).rejects.toThrow(
      "network: int8 weights must be bound when the graph is compiled, and these are not: params.blocks.0.fc1.weight, params.blocks.1.fc1.weight;",
    );
    await backend.dispose();
  });
});

describe("a DiT", () => {
  /** Just large enough that a batch goes through it sample by sample: 256 tokens of width 256. */
  const large: ModelConfig = {
    dit: ditConfig(undefined, { hiddenSize: 256, depth: 2, heads: 4, numClasses: 5 }),
    diffusion: diffusionDefaults,
  };
  const small: ModelConfig = { ...large, dit: { ...large.dit, inputSize: [8, 8] } };
  const feedsOf = ({ dit }: ModelConfig, from: number, count: number): Bound => {
    const size = 4 * dit.inputSize[0] * dit.inputSize[1];
    const x = formulaInput("x", [3, 4, ...dit.inputSize]).data.slice(from * size, (from + count) * size);
    return {
      x: hostF32([count, 4, ...dit.inputSize], x),
      t: hostF32([count], [3, 500, 999].slice(from, from + count)),
      y: hostI32([count], [0, 4, 5].slice(from, from + count)),
    };
  };
  const forward = async (config: ModelConfig, weights: "f32" | QuantizedFormat, from = 0, count = 3) =>
    outputOf(
      await ort({ weights }),
      networkGraph({ config }, count),
      formulaWeights(config.dit),
      feedsOf(config, from, count),
    );

  test.each([
    ["int8", large, 0.03],
    ["int8", small, 0.03],
    ["int4", large, 0.15],
  ] as const)("in %s is near the one in f32", async (weights, config, tolerance) => {
    const error = errorOf(await forward(config, weights), await forward(config, "f32"));
    expect(error).toBeLessThan(tolerance);
    expect(error).toBeGreaterThan(0.001);
  });

  test.each([
    ["large", large],
    ["small", small],
  ] as const)("in int8 gives each sample what it gets alone, where samples are %s", async (_, config) => {
    // Where a sum differs in its last digit, a number may round to the next integer: far less than what a scale that
    // samples share would change.
    const together = await forward(config, "int8");
    for (const i of [0, 1, 2]) {
      const alone = await forward(config, "int8", i, 1);
      expect(errorOf(together.slice(i * alone.length, (i + 1) * alone.length), alone)).toBeLessThan(0.004);
    }
  });

  test("rounds no two samples' activations together", () => {
    const count = (samples: number) =>
      lowerGraph(
        networkGraph({ config: large }, samples),
        formulaWeights(large.dit),
        processor(1, "int8"),
      ).graph.nodes.filter(({ opType }) => opType === "DynamicQuantizeLinear").length;
    expect(count(1)).toBe(2 * 4);
    expect(count(3)).toBe(3 * 2 * 4);
  });
});
