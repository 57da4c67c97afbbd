import { describe, expect, test } from "vitest";
import { f32, i32 } from "../trace/signature";
import { trace, traceScan } from "../trace/trace";
import { input } from "./create";
import type { Graph, Scan } from "./graph";
import { inScope } from "./scope";
import { Tensor } from "./tensor";
import { verify, verifyScan } from "./verify";

const good = trace("good", { a: f32([2, 3]), b: f32([3]) }, ({ a, b }) => ({
  y: inScope("mlp", () => a.add(b).exp()),
}));

describe("verify", () => {
  test("lets a graph pass that its rules made", () => {
    expect(() => verify(good)).not.toThrow();
  });

  test("finds a node whose shape is not what its rule says", () => {
    const sum = good.outputs[0]!.tensor.inputs[0]!;
    const wrong = new Tensor("exp", [sum], {}, "f32", [3, 2], "mlp");
    expect(() => verify(withOutput(good, wrong))).toThrow("good: exp in mlp is f32[3, 2] but its rule says f32[2, 3]");
  });

  test("finds a node whose dtype is not what its rule says", () => {
    const sum = good.outputs[0]!.tensor.inputs[0]!;
    const wrong = new Tensor("less", [sum, sum], {}, "f32", [2, 3], "");
    expect(() => verify(withOutput(good, wrong))).toThrow("good: less is f32[2, 3] but its rule says bool[2, 3]");
  });

  test("finds a node whose inputs do not fit, deep in the graph", () => {
    const [a, b] = good.inputs.map(({ tensor }) => tensor) as [Tensor, Tensor];
    const wrong = new Tensor("matmul", [a, b], { transposeA: false, transposeB: false }, "f32", [2, 3], "");
    const above = new Tensor("neg", [wrong], {}, "f32", [2, 3], "");
    expect(() => verify(withOutput(good, above))).toThrow(
      "matmul(f32[2,3], f32[3]): needs two operands of the same rank",
    );
  });

  test("finds an input that is not declared", () => {
    const stray = input("stray", f32([2, 3]));
    expect(() => verify(withOutput(good, stray.neg()))).toThrow("good: input stray is used but not declared");
  });

  test("finds names that are taken", () => {
    expect(() => verify({ ...good, inputs: [...good.inputs, good.inputs[0]!] })).toThrow("two inputs are named a");
    expect(() => verify({ ...good, outputs: [...good.outputs, ...good.outputs] })).toThrow("two outputs are named y");
  });
});

describe("verifyScan", () => {
  const signature = { constants: {}, carry: { x: f32([2]), n: i32([]) }, xs: { u: f32([2]) } };
  const scan = traceScan("sum", signature, ({ carry: { x, n }, xs: { u } }) => ({
    carry: { x: x.add(u), n: n.add(1) },
    ys: { u },
  }));

  test("lets a scan pass whose carry keeps its types", () => {
    expect(() => verifyScan(scan)).not.toThrow();
  });

  test.each<[string, (scan: Scan) => Partial<Scan>, string]>([
    [
      "another shape",
      ({ nextCarry: [x, n] }) => ({ nextCarry: [{ ...x!, tensor: sumOf(x!.tensor) }, n!] }),
      "x: f32[2] comes back as x: f32[]",
    ],
    [
      "another dtype",
      ({ nextCarry: [x, n] }) => ({ nextCarry: [x!, { ...n!, tensor: n!.tensor.cast("f32") }] }),
      "n: i32[] comes back as n: f32[]",
    ],
    ["another order", ({ nextCarry: [x, n] }) => ({ nextCarry: [n!, x!] }), "x: f32[2] comes back as n: i32[]"],
    ["one less", ({ nextCarry: [x] }) => ({ nextCarry: [x!] }), "n: i32[] comes back as missing"],
    [
      "one more",
      ({ nextCarry, ys }) => ({ nextCarry: [...nextCarry, ...ys] }),
      "carry u comes back but does not come in",
    ],
  ])("finds a carry that comes back with %s", (_, change, message) => {
    expect(() => verifyScan({ ...scan, ...change(scan) })).toThrow(`sum: carry ${message.replace(/^carry /, "")}`);
  });

  test("is part of tracing a scan", () => {
    const trace = () => traceScan("bad", signature, ({ carry }) => ({ carry: { ...carry, x: carry.x.sum() }, ys: {} }));
    expect(trace).toThrow("bad: carry x: f32[2] comes back as x: f32[]");
  });

  test("finds a constant and a carry of one name", () => {
    const twice = { constants: { x: f32([2]) }, carry: { x: f32([2]) }, xs: { u: f32([2]) } };
    expect(() => traceScan("twice", twice, ({ carry }) => ({ carry, ys: {} }))).toThrow("two inputs are named x");
  });
});

function withOutput(graph: Graph, tensor: Tensor): Graph {
  return { ...graph, outputs: [{ name: "y", tensor }] };
}

function sumOf(tensor: Tensor): Tensor {
  return (tensor as Tensor<"f32">).sum();
}
