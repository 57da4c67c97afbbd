import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { littleEndianBytes } from "@dit/core/internal";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { encodeModel } from "./encode";
import { attr, type GraphProto, type ModelProto, type ValueInfoProto } from "./model";

function modelOf(graph: GraphProto): ModelProto {
  return { graph, opsets: { "": 22, "com.microsoft": 1 }, irVersion: 10, metadata: { origin: "test" } };
}

const vector = (name: string): ValueInfoProto => ({ name, elementType: "float32", shape: ["n"] });

const add: GraphProto = {
  name: "add",
  docString: "x + [10, 20, 30]",
  inputs: [vector("x")],
  outputs: [vector("y")],
  initializers: [
    { name: "c", elementType: "float32", dims: [3], data: littleEndianBytes(new Float32Array([10, 20, 30])) },
  ],
  nodes: [{ opType: "Add", name: "sum", inputs: ["x", "c"], outputs: ["y"] }],
};

async function run(bytes: Uint8Array, feeds: Record<string, Tensor>, output: string): Promise<number[]> {
  const session = await InferenceSession.create(bytes);
  const result = await session.run(feeds);
  await session.release();
  return Array.from(result[output]!.data as Float32Array);
}

describe("encodeModel", () => {
  it("writes a model with an initializer and a symbolic dimension", async () => {
    const feeds = { x: new Tensor("float32", [1, 2, 3], [3]) };
    expect(await run(encodeModel(modelOf(add)), feeds, "y")).toEqual([11, 22, 33]);
  });

  it("writes a subgraph: Loop carries a state", async () => {
    const flag: ValueInfoProto = { name: "go", elementType: "bool", shape: [] };
    const body: GraphProto = {
      name: "body",
      inputs: [{ name: "step", elementType: "int64", shape: [] }, flag, vector("state")],
      outputs: [{ ...flag, name: "go_on" }, vector("next")],
      nodes: [
        { opType: "Identity", inputs: ["go"], outputs: ["go_on"] },
        { opType: "Mul", inputs: ["state", "two"], outputs: ["next"] },
      ],
    };
    const graph: GraphProto = {
      name: "loop",
      inputs: [vector("x"), { name: "count", elementType: "int64", shape: [] }],
      outputs: [vector("y")],
      initializers: [
        { name: "two", elementType: "float32", dims: [], data: littleEndianBytes(new Float32Array([2])) },
        { name: "always", elementType: "bool", dims: [], data: new Uint8Array([1]) },
      ],
      nodes: [
        { opType: "Loop", inputs: ["count", "always", "x"], outputs: ["y"], attributes: { body: attr.graph(body) } },
      ],
    };
    const feeds = { x: new Tensor("float32", [1, -3], [2]), count: new Tensor("int64", [5n], []) };
    expect(await run(encodeModel(modelOf(graph)), feeds, "y")).toEqual([32, -96]);
  });

  it("writes every kind of scalar and list attribute the kernels read back", async () => {
    const graph: GraphProto = {
      name: "attributes",
      inputs: [{ name: "x", elementType: "float32", shape: [2, 2] }],
      outputs: [{ name: "y", elementType: "float32", shape: [2, 2] }],
      nodes: [
        { opType: "Transpose", inputs: ["x"], outputs: ["t"], attributes: { perm: attr.ints([1, 0]) } },
        {
          opType: "FusedMatMul",
          domain: "com.microsoft",
          inputs: ["t", "x"],
          outputs: ["m"],
          attributes: { transA: attr.int(1), alpha: attr.float(0.5) },
        },
        { opType: "Gelu", inputs: ["m"], outputs: ["g"], attributes: { approximate: attr.string("tanh") } },
        { opType: "Constant", inputs: [], outputs: ["k"], attributes: { value_floats: attr.floats([0, -1.5]) } },
        { opType: "Softmax", inputs: ["g"], outputs: ["s"], attributes: { axis: attr.int(-1) } },
        { opType: "Add", inputs: ["s", "k"], outputs: ["y"] },
      ],
    };
    const feeds = { x: new Tensor("float32", [0, 0, 0, 0], [2, 2]) };
    expect(await run(encodeModel(modelOf(graph)), feeds, "y")).toEqual([0.5, -1, 0.5, -1]);
  });

  it("refers to external data by file, offset and length", async () => {
    const folder = await mkdtemp(join(tmpdir(), "onnx-"));
    try {
      const data = { location: "weights.bin", offset: 8, length: 12 };
      const graph = { ...add, initializers: [{ name: "c", elementType: "float32" as const, dims: [3], data }] };
      await writeFile(join(folder, "weights.bin"), littleEndianBytes(new Float32Array([7, 7, 1, 2, 3])));
      await writeFile(join(folder, "model.onnx"), encodeModel(modelOf(graph)));
      const session = await InferenceSession.create(join(folder, "model.onnx"));
      const { y } = await session.run({ x: new Tensor("float32", [1, 1, 1], [3]) });
      expect(Array.from(y!.data as Float32Array)).toEqual([2, 3, 4]);
      await session.release();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("rejects a tensor whose bytes do not fit its shape", () => {
    const tensor = { name: "w", elementType: "int64" as const, dims: [2, 3], data: new Uint8Array(40) };
    const graph = { ...add, initializers: [tensor] };
    expect(() => encodeModel(modelOf(graph))).toThrow('"w" (int64 2x3) needs 48 bytes, got 40');
  });
});
