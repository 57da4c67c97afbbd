import { describe, expect, test } from "vitest";
import { apply, isComposite } from "../ir/apply";
import { input, silu } from "../ir/create";
import { nodesOf } from "../ir/graph";
import type { CompositeName } from "../ir/ops";
import { inScope } from "../ir/scope";
import type { F32 } from "../ir/tensor";
import { f32 } from "../trace/signature";
import { trace } from "../trace/trace";
import { expandComposites } from "./expandComposites";

const native = (...names: CompositeName[]) => new Set(names);
const twoLayers = trace("two layers", { x: f32([2, 3]), w: f32([3, 3]), b: f32([3]) }, ({ x, w, b }) => {
  const layer = (y: F32): F32 => silu(apply("linear", [y, w, b], {}));
  return { y: layer(layer(x)) };
});
const countOf = (graph: typeof twoLayers, op: string) => nodesOf(graph).filter((node) => node.op === op).length;

describe("expandComposites", () => {
  test("expands composites within composites, to the last one", () => {
    const expanded = expandComposites(twoLayers, native());
    expect(nodesOf(expanded).filter(({ op }) => isComposite(op))).toEqual([]);
    expect(countOf(expanded, "matmul")).toBe(2);
    expect(countOf(expanded, "exp")).toBe(2);
  });

  test("keeps those that are native, whether made by the model or by an expansion", () => {
    const expanded = expandComposites(twoLayers, native("sigmoid", "linear"));
    expect(countOf(expanded, "linear")).toBe(2);
    expect(countOf(expanded, "sigmoid")).toBe(2);
    expect(countOf(expanded, "silu")).toBe(0);
  });

  test("leaves a graph without any as it is, node for node", () => {
    const graph = trace("plain", { x: f32([2]) }, ({ x }) => ({ y: x.add(1).exp() }));
    expect(expandComposites(graph, native()).outputs[0]!.tensor).toBe(graph.outputs[0]!.tensor);
  });

  test("expands a shared composite once", () => {
    const graph = trace("shared", { x: f32([2]) }, ({ x }) => {
      const y = silu(x);
      return { y: y.mul(y), z: y };
    });
    expect(countOf(expandComposites(graph, native()), "exp")).toBe(1);
  });

  test("gives the nodes of an expansion the model path of the composite", () => {
    const x = input("x", f32([2]));
    const y = inScope("blocks.1", () => silu(x));
    const expanded = expandComposites(
      { name: "g", inputs: [{ name: "x", tensor: x }], outputs: [{ name: "y", tensor: y }] },
      native(),
    );
    const scopes = nodesOf(expanded)
      .filter((node) => node !== x)
      .map(({ scope }) => scope);
    expect(new Set(scopes)).toEqual(new Set(["blocks.1"]));
  });
});
