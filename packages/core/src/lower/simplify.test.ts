import { describe, expect, test } from "vitest";
import { backward } from "../differentiate/backward";
import { constantF32, scalar, split } from "../ir/create";
import { nodesOf } from "../ir/graph";
import type { F32, Tensor } from "../ir/tensor";
import { verify } from "../ir/verify";
import { compute } from "../run/reference/compute";
import { f32 } from "../trace/signature";
import { trace } from "../trace/trace";
import { simplify } from "./simplify";

/** The operations that are left between the inputs and the output. */
function operationsAfter(build: (x: F32, row: F32) => Tensor): string[] {
  const graph = trace("g", { x: f32([2, 3]), row: f32([3]) }, ({ x, row }) => ({ y: build(x, row) }));
  return nodesOf(simplify(graph))
    .map(({ op }) => op)
    .filter((op) => op !== "input");
}

describe("simplify drops", () => {
  test.each<[string, (x: F32, row: F32) => Tensor]>([
    ["products with 1", (x) => x.mul(1)],
    ["1 times x", (x) => scalar(1, "f32").mul(x)],
    ["quotients by 1", (x) => x.div(1)],
    ["sums with 0", (x) => x.add(0)],
    ["0 plus x", (x) => scalar(0, "f32").add(x)],
    ["differences from 0", (x) => x.sub(0)],
    ["products with ones of a lower rank", (x) => x.mul(constantF32([1], [1]))],
    ["negations of negations", (x) => x.neg().neg()],
    ["transposes that cancel", (x) => x.transpose([1, 0]).transpose([1, 0])],
    ["reshapes there and back", (x) => x.reshape([6]).reshape([3, 2]).reshape([2, 3])],
    ["stopGradient", (x) => x.stopGradient()],
    ["all of them at once", (x) => x.stopGradient().mul(1).neg().reshape([6]).reshape([2, 3]).neg().add(0)],
  ])("%s", (_, build) => {
    expect(operationsAfter(build)).toEqual([]);
  });
});

describe("simplify shortens", () => {
  test.each<[string, (x: F32, row: F32) => Tensor, string[]]>([
    ["chains of reshapes", (x) => x.reshape([6]).reshape([3, 2]), ["reshape"]],
    [
      "chains of transposes",
      (x) => x.reshape([1, 2, 3]).transpose([1, 2, 0]).transpose([1, 0, 2]),
      ["reshape", "transpose"],
    ],
    ["broadcasts that addition does by itself", (x, row) => x.add(row.broadcastTo([2, 3])), ["add"]],
    ["broadcasts on the left", (x, row) => row.broadcastTo([2, 3]).sub(x), ["sub"]],
    [
      "one of two broadcasts",
      (_, row) => row.broadcastTo([2, 3]).mul(row.neg().broadcastTo([2, 3])),
      ["neg", "broadcastTo", "mul"],
    ],
    ["pads that are added up to a concatenation", (x) => x.pad([0, 0], [2, 0]).add(x.pad([2, 0], [0, 0])), ["concat"]],
  ])("%s", (_, build, operations) => {
    expect(operationsAfter(build)).toEqual(operations);
  });

  test("the gradient of a split to one concatenation", () => {
    const gradient = (x: F32) => {
      const [a, b, c] = split(x, 3) as [F32, F32, F32];
      return backward(a.mul(2).add(b.mul(3)).add(c.mul(5)).sum(), scalar(1, "f32"), [x])[0]!;
    };
    expect(operationsAfter(gradient).filter((op) => op === "pad" || op === "concat")).toEqual(["concat"]);
  });
});

describe("simplify keeps", () => {
  test.each<[string, (x: F32, row: F32) => Tensor, string[]]>([
    ["a product with ones that broadcasts", (_, row) => row.mul(constantF32([2, 1], [1, 1])), ["constant", "mul"]],
    ["a product with a 1 of higher rank", (_, row) => row.mul(constantF32([1, 1], [1])), ["constant", "mul"]],
    ["a sum with a 0 of higher rank", (_, row) => row.add(constantF32([1, 1], [0])), ["constant", "add"]],
    ["a sum of a 0 of higher rank", (_, row) => constantF32([1, 1], [0]).add(row), ["constant", "add"]],
    ["a difference of 0 and x", (x) => scalar(0, "f32").sub(x), ["constant", "sub"]],
    ["a quotient of 1 and x", (x) => scalar(1, "f32").div(x), ["constant", "div"]],
    ["transposes that do not cancel", (x) => x.reshape([1, 2, 3]).transpose([1, 2, 0]), ["reshape", "transpose"]],
    ["pads that leave a gap", (x) => x.pad([0, 0], [3, 0]).add(x.pad([3, 0], [0, 0])), ["pad", "pad", "add"]],
    ["pads that overlap", (x) => x.pad([0, 0], [1, 0]).add(x.pad([1, 0], [0, 0])), ["pad", "pad", "add"]],
  ])("%s", (_, build, operations) => {
    expect(operationsAfter(build)).toEqual(operations);
  });

  test("the order of operands whose broadcasts it drops", () => {
    const graph = trace("g", { x: f32([2]), y: f32([1]) }, ({ x, y }) => ({
      left: y.broadcastTo([2]).sub(x),
      right: x.sub(y.broadcastTo([2])),
    }));
    const { outputs } = simplify(graph);
    const given = new Map(graph.inputs.map(({ tensor }, i) => [tensor, [[1, 2], [10]][i]!]));
    const values = compute(
      outputs.map(({ tensor }) => tensor),
      given,
    );
    expect(values.map((value) => [...value])).toEqual([
      [9, 8],
      [-9, -8],
    ]);
  });

  test("the values of padded parts that broadcast against each other", () => {
    const graph = trace("g", { a: f32([1, 1]), b: f32([3, 1]) }, ({ a, b }) => ({
      y: a.pad([0, 0], [0, 1]).add(b.pad([0, 1], [0, 0])),
    }));
    const simple = simplify(graph);
    verify(simple);
    const given = new Map(graph.inputs.map(({ tensor }, i) => [tensor, [[7], [1, 2, 3]][i]!]));
    expect([...compute([simple.outputs[0]!.tensor], given)[0]!]).toEqual([7, 1, 7, 2, 7, 3]);
  });

  test("a sum of parts in any order", () => {
    const graph = trace("g", { x: f32([4]) }, ({ x }) => {
      const part = (i: number) =>
        x
          .slice(0, i, i + 1)
          .mul(10 ** i)
          .pad([i], [3 - i]);
      return {
        y: part(2)
          .add(part(0))
          .add(part(3).add(part(1))),
      };
    });
    const given = new Map(graph.inputs.map(({ tensor }) => [tensor, [1, 2, 3, 4]]));
    expect([...compute([simplify(graph).outputs[0]!.tensor], given)[0]!]).toEqual([1, 20, 300, 4000]);
  });
});
