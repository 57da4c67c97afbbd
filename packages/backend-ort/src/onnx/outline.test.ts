import { FormatError } from "@dit/core";
import { littleEndianBytes } from "@dit/core/internal";
import { describe, expect, test } from "vitest";
import { encodeModel } from "./encode";
import { attr, type GraphProto, type ModelProto } from "./model";
import { readOutline } from "./outline";
import { structuralFaults } from "./structure";

const body: GraphProto = {
  name: "body",
  inputs: [
    { name: "i", elementType: "int64", shape: [] },
    { name: "go", elementType: "bool", shape: [] },
    { name: "state", elementType: "float32", shape: ["n", 3] },
  ],
  outputs: [
    { name: "go_on", elementType: "bool", shape: [] },
    { name: "next", elementType: "float32", shape: ["n", 3] },
  ],
  nodes: [
    { opType: "Identity", name: "on", inputs: ["go"], outputs: ["go_on"] },
    { opType: "Add", name: "add", inputs: ["state", "w"], outputs: ["next"] },
  ],
};

const weight = { name: "w", elementType: "float32" as const, dims: [300, 3] };

function model(change: Partial<GraphProto> = {}): ModelProto {
  return {
    irVersion: 10,
    opsets: { "": 23, "com.microsoft": 1 },
    metadata: { "dit.what": '"model"', ä: "ö" },
    graph: {
      name: "whole",
      inputs: [{ name: "x", elementType: "float32", shape: ["n", 3] }],
      outputs: [{ name: "y", elementType: "float32", shape: ["n", 3] }],
      initializers: [
        { ...weight, data: { location: "data", offset: 4096, length: 3600 } },
        { name: "count", elementType: "int64", dims: [], data: littleEndianBytes(BigInt64Array.of(-3n)) },
      ],
      nodes: [
        {
          opType: "Loop",
          name: "loop",
          inputs: ["count", "", "x"],
          outputs: ["y"],
          attributes: { body: attr.graph(body) },
        },
      ],
      ...change,
    },
  };
}

const faultsOf = (change: Partial<GraphProto>) => structuralFaults(readOutline(encodeModel(model(change))));

test("an outline holds what was written", () => {
  const outline = readOutline(encodeModel(model()));
  expect(outline).toMatchObject({
    irVersion: 10,
    opsets: { "": 23, "com.microsoft": 1 },
    metadata: { "dit.what": '"model"', ä: "ö" },
    graph: {
      name: "whole",
      inputs: [{ name: "x", elementType: "float32", shape: ["n", 3] }],
      initializers: [
        { ...weight, external: { location: "data", offset: 4096, length: 3600 } },
        { name: "count", elementType: "int64", dims: [] },
      ],
      nodes: [{ name: "loop", opType: "Loop", domain: "", inputs: ["count", "", "x"], outputs: ["y"] }],
    },
  });
  expect(outline.graph.nodes[0]!.bodies[0]!.nodes.map(({ name }) => name)).toEqual(["on", "add"]);
  expect(structuralFaults(outline)).toEqual([]);
});

describe("the structure", () => {
  const [loop] = model().graph.nodes;
  test.each<[string, Partial<GraphProto>, string]>([
    ["a value that nothing makes", { initializers: [] }, "node loop (Loop) reads count, which nothing before it makes"],
    ["one that a body lacks", { initializers: model().graph.initializers!.slice(1) }, "node add (Add) reads w"],
    ["an output that nothing makes", { nodes: [] }, "nothing makes the output y of whole"],
    [
      "a value made twice",
      { nodes: [loop!, { ...loop!, name: "again" }] },
      "node again makes y, which is there already",
    ],
    [
      "a domain without a version",
      { nodes: [{ ...loop!, domain: "ai.x" }] },
      "is of domain ai.x, which has no version",
    ],
    [
      "constants that share bytes",
      {
        initializers: [
          ...model().graph.initializers!,
          { ...weight, name: "v", data: { location: "data", offset: 5000, length: 3600 } },
        ],
      },
      "constants w and v share bytes of data",
    ],
  ])("with %s is at fault", (_, change, fault) => {
    expect(faultsOf(change).join("\n")).toContain(fault);
  });
});

test("a constant whose part of the file is of another size is at fault", () => {
  const outline = readOutline(encodeModel(model()));
  const [first, ...rest] = outline.graph.initializers;
  const external = { ...first!.external!, length: 3596 };
  const graph = { ...outline.graph, initializers: [{ ...first!, external }, ...rest] };
  expect(structuralFaults({ ...outline, graph })).toEqual(["constant w has 3596 bytes, its shape needs 3600"]);
});

test("bytes cut anywhere are refused or lack what was cut, and never crash", () => {
  const bytes = encodeModel(model());
  for (let length = 0; length < bytes.length; length += 7) {
    try {
      readOutline(bytes.subarray(0, length));
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
    }
  }
});
