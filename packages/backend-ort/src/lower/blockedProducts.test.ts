import {
  type F32,
  f32,
  type Graph,
  gelu,
  type HostTensor,
  hostF32,
  linear,
  normal,
  reference,
  trace,
  valueAndGrad,
} from "@dit/core";
import { apply, inScope, sizeOf } from "@dit/core/internal";
import { describe, expect, test } from "vitest";
import { ort } from "../backend";
import { channelBlock } from "../channelBlock";
import { node } from "../platform/node";
import { lowerGraph } from "./lowerGraph";
import { processor } from "./processor";

const block = await channelBlock(await node.load("cpu", undefined));

const feedsOf = (graph: Graph): Record<string, HostTensor> =>
  Object.fromEntries(
    graph.inputs.map(({ name, tensor: { shape } }) => [
      name,
      hostF32(shape, normal({ seed: 0, stream: name, step: 0, sample: 0 }, sizeOf(shape))),
    ]),
  );

const opsOf = (graph: Graph) =>
  lowerGraph(graph, {}, { ...processor(), block: 8 }).graph.nodes.map(
    ({ domain, opType }) => `${domain ?? ""}.${opType}`,
  );
const isConvolution = (op: string) => op === "com.microsoft.nchwc.Conv";

/** The largest difference to float64, in units of the largest number of each output. */
async function errorOf(graph: Graph): Promise<number> {
  const [backend, oracle] = [await ort(), reference()];
  const feeds = feedsOf(graph);
  const [got, wanted] = await Promise.all([backend, oracle].map(async (on) => (await on.compile(graph)).run(feeds)));
  let worst = 0;
  for (const { name } of graph.outputs) {
    const [a, b] = [(await got![name]!.read()).data, (await wanted![name]!.read()).data];
    let [error, scale] = [0, 0];
    for (let i = 0; i < b.length; i++) {
      error = Math.max(error, Math.abs(Number(a[i]) - Number(b[i])));
      scale = Math.max(scale, Math.abs(Number(b[i])));
    }
    worst = Math.max(worst, error / scale);
  }
  await Promise.all([backend.dispose(), oracle.dispose()]);
  return worst;
}

/** A perceptron of two linears with all its gradients: x [N, T, D], `hidden` wide inside. */
const perceptron = (samples: number, tokens: number, width: number, hidden: number) => {
  const types = {
    x: f32([samples, tokens, width]),
    up: { weight: f32([hidden, width]), bias: f32([hidden]) },
    down: { weight: f32([width, hidden]), bias: f32([width]) },
    seed: f32([samples, tokens, width]),
  };
  return trace("perceptron", types, ({ seed, ...params }) => {
    const loss = ({ x, up, down }: typeof params) => {
      const y = linear(down, gelu(linear(up, x.mul(0.1)))) as F32;
      return { loss: y.mul(seed).sum(), y };
    };
    const { value, gradients } = valueAndGrad(loss, params);
    return { ...value, gradients };
  });
};

describe("products through the processor's convolutions", () => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])("transposed %s, %s", async (transposeA, transposeB) => {
    const graph = trace(
      "product",
      { a: f32(transposeA ? [64, 80] : [80, 64]), b: f32(transposeB ? [96, 64] : [64, 96]) },
      ({ a, b }) => ({ y: a.matmul(b, { transposeA, transposeB }) }),
    );
    expect(opsOf(graph).filter(isConvolution)).toHaveLength(1);
    expect(await errorOf(graph)).toBeLessThan(1e-6);
  });

  test("a perceptron and its gradients never leave the blocks in between", async () => {
    const graph = perceptron(2, 48, 64, 128);
    const ops = opsOf(graph);
    expect(ops.filter(isConvolution)).toHaveLength(6);
    // y, and the gradients of x and the two weights.
    expect(ops.filter((op) => op.endsWith("ReorderOutput"))).toHaveLength(4);
    expect(await errorOf(graph)).toBeLessThan(1e-5);
  });

  test("what is large goes through its functions in parts", async () => {
    const graph = perceptron(1, 2048, 64, 1024);
    expect(opsOf(graph).filter((op) => op === ".Gelu")).toHaveLength(2);
    expect(await errorOf(graph)).toBeLessThan(1e-5);
  });

  test("parts are not joined: products and sums of columns add up over them", async () => {
    const graph = perceptron(1, 2048, 64, 1024);
    const { nodes } = lowerGraph(graph, {}, { ...processor(), block: 8 }).graph;
    // What is joined are the gradients of the two weights and of the hidden bias.
    expect(nodes.filter(({ opType }) => opType === "Concat")).toHaveLength(3);
    expect(nodes.filter(({ opType, inputs }) => opType === "Conv" && inputs.length === 4)).toHaveLength(2);
    expect(await errorOf(graph)).toBeLessThan(1e-5);
  });

  test("a stack whose first operand is transposed is one convolution", async () => {
    const stacks = { a: f32([2, 3, 64, 80]), b: f32([2, 3, 64, 96]) };
    const graph = trace("stack", stacks, ({ a, b }) => ({ y: a.matmul(b, { transposeA: true }) }));
    expect(opsOf(graph).filter(isConvolution)).toHaveLength(1);
    expect(await errorOf(graph)).toBeLessThan(1e-6);
    const plain = trace("plain", { a: f32([2, 64, 80]), b: f32([2, 80, 96]) }, ({ a, b }) => ({ y: a.matmul(b) }));
    expect(opsOf(plain)).toEqual([".MatMul"]);
  });

  test.each([[64], [20]])("attention of heads %i wide between linears, and its gradients", async (size) => {
    const [samples, tokens, heads] = [2, 80, 4];
    const width = heads * size;
    const layer = { weight: f32([width, width]), bias: f32([width]) };
    const types = { x: f32([samples, tokens, width]), q: layer, k: layer, v: layer, proj: layer };
    const graph = trace("attention", types, (params) => {
      const loss = ({ x, q, k, v, proj }: typeof params) => {
        const [a, b, c] = [q, k, v].map((p) => linear(p, x.mul(0.1)).mul(0.1) as F32);
        const y = linear(proj, apply("attention", [a!, b!, c!], { heads }) as F32) as F32;
        return { loss: y.square().sum(), y };
      };
      const { value, gradients } = valueAndGrad(loss, params);
      // The keys' bias has a gradient of 0, and no scale to measure an error by.
      return { ...value, gradients: { ...gradients, k: gradients.k.weight } };
    });
    const swapsRows = lowerGraph(graph, {}, { ...processor(), block: 8 }).graph.nodes.filter(
      ({ opType, attributes }) => opType === "Transpose" && `${attributes?.perm?.value}` === "0,2,1,3",
    );
    // Where heads divide into blocks, no row is moved between tokens and heads.
    expect(swapsRows.length === 0).toBe(size === 64);
    expect(await errorOf(graph)).toBeLessThan(1e-5);
  });

  test("heads that are an output are made", async () => {
    const graph = trace("heads", { heads: f32([2, 4, 80, 16]) }, ({ heads }) => {
      const swapped = heads.transpose([0, 2, 1, 3]);
      return { swapped, tokens: swapped.reshape([2, 80, 64]).mul(2) };
    });
    expect(await errorOf(graph)).toBeLessThan(1e-6);
  });

  test("a stack of products is a matrix too", async () => {
    const stacks = { a: f32([3, 64, 80]), b: f32([3, 64, 96]), c: f32([240, 64]) };
    const graph = trace("rows", stacks, ({ a, b, c }) => {
      const rows = a.matmul(b, { transposeA: true }).reshape([240, 96]);
      return { sums: rows.sum([0]), product: c.matmul(rows, { transposeA: true }) };
    });
    expect(await errorOf(graph)).toBeLessThan(1e-5);
  });

  test("what is made when it is read bears the path of what it is of", () => {
    const layer = (at: string, p: { weight: F32; bias: F32 }, x: F32) => inScope(at, () => linear(p, x) as F32);
    const types = { x: f32([80, 64]), p: { weight: f32([64, 64]), bias: f32([64]) } };
    const graph = trace("paths", types, ({ x, p }) => ({ y: inScope("late", () => layer("early", p, x).exp()) }));
    const { nodes } = lowerGraph(graph, {}, { ...processor(), block: 8 }).graph;
    expect(nodes.find(({ opType }) => opType === "Conv")!.name).toMatch(/^early\//);
    expect(nodes.find(({ opType }) => opType === "Exp")!.name).toMatch(/^late\//);
  });

  test("parts meet a value in one piece", async () => {
    const types = { x: f32([16384, 80]), weight: f32([80, 80]), bias: f32([80]) };
    const graph = trace("residual", types, ({ x, ...p }) => ({ y: linear(p, x).add(x) }));
    expect(await errorOf(graph)).toBeLessThan(1e-5);
  });

  test("sides that do not divide into blocks stay with Gemm, and so does everything without such kernels", () => {
    const odd = trace("odd", { a: f32([80, 68]), b: f32([68, 96]) }, ({ a, b }) => ({ y: a.matmul(b) }));
    expect(opsOf(odd)).toEqual([".Gemm"]);
    const model = lowerGraph(perceptron(2, 48, 64, 128));
    expect(model.opsets).not.toHaveProperty(["com.microsoft.nchwc"]);
    expect(model.graph.nodes.some(({ domain }) => domain?.endsWith("nchwc"))).toBe(false);
  });

  test.runIf(process.arch === "x64")("this processor says how many channels it wants together", () => {
    expect([8, 16]).toContain(block);
  });
});
