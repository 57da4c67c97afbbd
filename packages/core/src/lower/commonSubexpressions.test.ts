import { describe, expect, test } from "vitest";
import { constant, constantF32, scalar } from "../ir/create";
import { nodesOf } from "../ir/graph";
import { hostI32 } from "../ir/hostTensor";
import type { F32 } from "../ir/tensor";
import { f32 } from "../trace/signature";
import { trace } from "../trace/trace";
import { commonSubexpressions } from "./commonSubexpressions";

/** Number of nodes before and after, the inputs left out. */
function counts(build: (x: F32, other: F32) => F32): [before: number, after: number] {
  const graph = trace("g", { x: f32([2, 2]), other: f32([2, 2]) }, ({ x, other }) => ({ y: build(x, other) }));
  const count = (g: typeof graph) => nodesOf(g).filter(({ op }) => op !== "input").length;
  return [count(graph), count(commonSubexpressions(graph))];
}

describe("commonSubexpressions", () => {
  test("merges the same operation on the same inputs, chain by chain", () => {
    expect(counts((x) => x.exp().neg().mul(x.exp().neg()))).toEqual([5, 3]);
  });

  test("merges small constants of the same value", () => {
    expect(counts((x) => x.add(2).mul(x.add(2)))).toEqual([5, 3]);
  });

  test.each<[string, (x: F32, other: F32) => F32, number]>([
    ["other inputs", (x, other) => x.exp().add(other.exp()), 3],
    ["other attributes", (x) => x.sum([0], { keepDims: true }).add(x.sum([1], { keepDims: true })), 3],
    ["operands in another order", (x, other) => x.sub(other).mul(other.sub(x)), 3],
    ["constants of another shape", (x) => x.add(constantF32([1], [2])).add(constantF32([], [2])), 4],
    ["0 and -0", (x) => x.div(scalar(0, "f32")).add(x.div(scalar(-0, "f32"))), 5],
    ["constants of another dtype", (x) => x.gather(constant(hostI32([2], [0, 0]))).add(constantF32([2], [0, 0])), 4],
    ["casts to another dtype", (x) => x.cast("i32").cast("f32").add(x.cast("bool").cast("f32")), 5],
  ])("keeps apart %s", (_, build, nodes) => {
    expect(counts(build)).toEqual([nodes, nodes]);
  });

  test("keeps apart large constants, even of one value", () => {
    const large = () => constantF32([2, 2, 5], new Array<number>(20).fill(1));
    expect(counts((x) => x.sum().add(large()).add(large()))).toEqual([6, 6]);
  });

  test("keeps outputs by name where they have become one node", () => {
    const graph = trace("g", { x: f32([2]) }, ({ x }) => ({ a: x.exp(), b: x.exp() }));
    const { outputs } = commonSubexpressions(graph);
    expect(outputs.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(outputs[0]!.tensor).toBe(outputs[1]!.tensor);
  });
});
