import { describe, expect, test } from "vitest";
import { ditConfig } from "../define/dit/config";
import { dit, ditSpec } from "../define/dit/dit";
import { layerNorm } from "../define/nn/layerNorm";
import { bindParams, paramTypes } from "../define/params";
import { valueAndGrad } from "../differentiate/valueAndGrad";
import { gelu, softmax } from "../ir/create";
import { nodesOf } from "../ir/graph";
import { hostF32 } from "../ir/hostTensor";
import { verify } from "../ir/verify";
import { reference } from "../run/reference/reference";
import { f32, i32 } from "../trace/signature";
import { trace } from "../trace/trace";
import { castPrecision } from "./castPrecision";
import { lower } from "./lower";

const none: ReadonlySet<never> = new Set();
const small = trace("small", { x: f32([2, 4]), w: f32([4, 4]), b: f32([4]) }, ({ x, w, b }) => ({
  y: softmax(layerNorm(gelu(x.mul(2).matmul(w).add(b)))),
}));
const dtypesOf = (graph: typeof small, op: string) =>
  nodesOf(graph).flatMap((node) => (node.op === op ? [node.dtype] : []));

describe("a graph in low precision", () => {
  const low = castPrecision(small, "bf16");

  test("has products and what follows them in it, norms in f32, and the ports it had", () => {
    verify(low);
    const dtypes = Object.fromEntries(
      ["mul", "matmul", "add", "gelu", "layerNorm", "softmax"].map((op) => [op, dtypesOf(low, op)]),
    );
    expect(dtypes).toEqual({
      mul: ["f32"],
      matmul: ["bf16"],
      add: ["bf16"],
      gelu: ["bf16"],
      layerNorm: ["f32"],
      softmax: ["f32"],
    });
    expect(low.outputs.map(({ tensor }) => tensor.dtype)).toEqual(["f32"]);
    expect(low.inputs).toBe(small.inputs);
  });

  test("in f32 is the graph itself", () => {
    expect(castPrecision(small, "f32").outputs).toEqual(small.outputs);
  });

  test("rounds after each product", async () => {
    const product = trace("product", { x: f32([1, 1]), w: f32([1, 1]) }, ({ x, w }) => ({ y: x.matmul(w) }));
    const executable = await reference().compile(castPrecision(product, "f16"));
    const { y } = await executable.run({ x: hostF32([1, 1], [1 + 2 ** -10]), w: hostF32([1, 1], [1 + 2 ** -10]) });
    expect((await y!.read()).data[0]).toBe(1 + 2 ** -9); // less 2^-20, which f16 does not hold
  });
});

describe("a DiT in f16", () => {
  const config = ditConfig(undefined, { inputSize: [8, 8], hiddenSize: 16, depth: 2, heads: 2, numClasses: 3 });
  const spec = ditSpec(config);
  const signature = { params: paramTypes(spec).all, x: f32([2, 4, 8, 8]), t: f32([2]), y: i32([2]) };
  const training = trace("training", signature, ({ params, x, t, y }) => {
    const graph = trace("network", { params: paramTypes(spec).all }, () => ({
      output: dit(bindParams(spec, params), x, t, y, config),
    }));
    const { value, gradients } = valueAndGrad(
      () => ({ loss: castPrecision(graph, "f16").outputs[0]!.tensor.cast("f32").square().mean() }),
      params,
    );
    return { ...value, gradients };
  });

  test("is sound with its gradients, which are f32, before and after lowering", () => {
    const lowered = lower(training, none);
    for (const graph of [training, lowered]) {
      expect(() => verify(graph)).not.toThrow();
      expect(new Set(graph.outputs.map(({ tensor }) => tensor.dtype))).toEqual(new Set(["f32"]));
    }
  });

  test("multiplies in f16, forward and backward, and sums and exponentiates in f32", () => {
    const nodes = nodesOf(lower(training, none));
    const dtypes = (op: string) => new Set(nodes.filter((node) => node.op === op).map(({ dtype }) => dtype));
    expect(dtypes("matmul")).toEqual(new Set(["f16"]));
    for (const op of ["exp", "sqrt", "sin", "cos", "reduceSum", "reduceMax"])
      expect(dtypes(op)).toEqual(new Set(["f32"]));
  });

  test("keeps the angle of the timestep embedding exact", () => {
    const angles = nodesOf(training).filter(({ op, scope }) => op === "floor" && scope.startsWith("t_embedder"));
    expect(angles.map(({ dtype }) => dtype)).toEqual(["f32", "f32"]);
  });
});
