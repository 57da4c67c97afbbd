import {
  type DType,
  type F32,
  f32,
  type Graph,
  gelu,
  type HostTensor,
  hostF32,
  layerNorm,
  linear,
  normal,
  reference,
  split,
  trace,
  valueAndGrad,
} from "@dit/core";
import { apply, sizeOf } from "@dit/core/internal";
import { describe, expect, test } from "vitest";
import { ort } from "../../backend";
import { cuda, webgpu } from "../graphics";
import { type Bound, lowerGraph } from "../lowerGraph";
import { portable } from "../portable";
import { processor } from "../processor";

const opsOf = (graph: Graph, target = processor(), bound: Bound = {}) =>
  lowerGraph(graph, bound, target).graph.nodes.map(({ opType }) => opType);

const valuesOf = ({ inputs }: Graph): Record<string, HostTensor> =>
  Object.fromEntries(
    inputs.map(({ name, tensor: { shape } }) => [
      name,
      hostF32(
        shape,
        normal({ seed: 0, stream: name, step: 0, sample: 0 }, sizeOf(shape)).map((x) => (isWeight(name) ? 0.1 * x : x)),
      ),
    ]),
  );

const isWeight = (name: string) => /weight|bias/.test(name);

const weightsOf = (graph: Graph): Bound =>
  Object.fromEntries(Object.entries(valuesOf(graph)).filter(([name]) => isWeight(name)));

/** Every output on onnxruntime beside that in float64. */
async function expectExact(graph: Graph, constants: Bound = {}): Promise<void> {
  const [backend, oracle] = [await ort(), reference()];
  const feeds = Object.fromEntries(Object.entries(valuesOf(graph)).filter(([name]) => constants[name] === undefined));
  const [got, wanted] = await Promise.all(
    [backend, oracle].map(async (on) => (await on.compile(graph, { constants })).run(feeds)),
  );
  for (const { name } of graph.outputs) {
    const [a, b] = [(await got![name]!.read()).data, (await wanted![name]!.read()).data];
    expect(a).toHaveLength(b.length);
    a.forEach((value, i) => {
      expect(Number(value)).toBeCloseTo(Number(b[i]), 4);
    });
  }
  await Promise.all([backend.dispose(), oracle.dispose()]);
}

describe("a norm with a scale and a shift", () => {
  const modulated = (shape: number[], make: (norm: F32, scale: F32, shift: F32) => Record<string, F32>) =>
    trace("modulated", { x: f32([1, 5, 8]), scale: f32(shape), shift: f32(shape) }, ({ x, scale, shift }) =>
      make(layerNorm(x), scale, shift),
    );

  test.each([[[8]], [[1, 1, 8]]])(
    "of each channel, %j, is one kernel, whichever operand comes first",
    async (shape) => {
      for (const make of [
        (norm: F32, scale: F32, shift: F32) => ({ y: norm.mul(scale).add(shift) }),
        (norm: F32, scale: F32, shift: F32) => ({ y: shift.add(scale.mul(norm)) }),
      ]) {
        const graph = modulated(shape, make);
        expect(opsOf(graph)).toEqual(["LayerNormalization"]);
        await expectExact(graph);
      }
    },
  );

  test("of each token, or of each number, is three", async () => {
    for (const shape of [[1, 5, 1], [1, 5, 8], [1]]) {
      const graph = modulated(shape, (norm, scale, shift) => ({ y: norm.mul(scale).add(shift) }));
      expect(opsOf(graph)).toEqual(["LayerNormalization", "Mul", "Add"]);
      await expectExact(graph);
    }
  });

  test("whose steps are read by others, or put out, is three", async () => {
    const graphs = [
      modulated([8], (norm, scale, shift) => ({ y: norm.mul(scale).add(shift), norm })),
      modulated([8], (norm, scale, shift) => ({ y: norm.mul(scale).add(shift), also: norm.mul(scale).exp() })),
    ];
    for (const graph of graphs) {
      expect(opsOf(graph)).toContain("Mul");
      await expectExact(graph);
    }
  });

  test("that are the norm itself is three", async () => {
    const graph = trace("squared", { x: f32([8]), shift: f32([8]) }, ({ x, shift }) => {
      const norm = layerNorm(x);
      return { y: norm.mul(norm).add(shift) };
    });
    expect(opsOf(graph)).toEqual(["LayerNormalization", "Mul", "Add"]);
    await expectExact(graph);
  });

  test("is made of standard operators in a portable model", () => {
    const graph = modulated([1, 1, 8], (norm, scale, shift) => ({ y: norm.mul(scale).add(shift) }));
    expect(opsOf(graph, portable())).toEqual(["LayerNormalization", "Mul", "Add"]);
  });
});

describe("the gradient of a norm", () => {
  const normed = (also: (x: F32) => Record<string, F32> = () => ({})) =>
    trace("normed", { x: f32([2, 5, 8]), seed: f32([2, 5, 8]) }, ({ x, seed }) => {
      const { value, gradients } = valueAndGrad(({ x }: { x: F32 }) => ({ loss: layerNorm(x).mul(seed).sum() }), { x });
      return { ...value, gradients, ...also(x) };
    });

  test("divides by the deviation that the norm puts out", async () => {
    const graph = normed();
    const ops = opsOf(graph);
    expect(ops).toContain("Reciprocal");
    expect(ops).not.toContain("Sqrt");
    expect(ops.filter((op) => op === "LayerNormalization")).toHaveLength(1);
    await expectExact(graph);
  });

  test("finds it itself where something else reads a step on the way", async () => {
    const graph = normed((x) => ({ centred: x.sub(x.mean([-1], { keepDims: true })) }));
    expect(opsOf(graph)).toContain("Sqrt");
    await expectExact(graph);
  });

  test("and the root of something else stay apart", async () => {
    const graph = trace("root", { x: f32([2, 5, 8]) }, ({ x }) => ({
      y: layerNorm(x),
      root: x.square().mean([-1], { keepDims: true }).add(1e-6).sqrt(),
    }));
    expect(opsOf(graph)).toContain("Sqrt");
    await expectExact(graph);
  });
});

describe("linear layers whose weights are known", () => {
  const layer = (units: number, channels: number) => ({
    weight: f32([units, channels]),
    bias: f32([units]),
  });
  const [tokens, width] = [160, 16];

  test("project attention without a pass for the bias of keys, nor of values", async () => {
    const graph = trace(
      "attention",
      {
        x: f32([2, tokens, width]),
        q: layer(width, width),
        k: layer(width, width),
        v: layer(width, width),
        out: layer(8, width),
      },
      ({ x, q, k, v, out }) => ({
        y: linear(out, apply("attention", [linear(q, x), linear(k, x), linear(v, x)], { heads: 2 })),
      }),
    );
    expect(opsOf(graph, processor(), weightsOf(graph))).toEqual([
      ...["MatMul", "Add"],
      "MatMul",
      "MatMul",
      "Attention",
      ...["MatMul", "Add"],
    ]);
    await expectExact(graph, weightsOf(graph));
    expect(opsOf(graph)).toContain("Gemm");
    await expectExact(graph);
    const some = Object.entries(weightsOf(graph)).filter(([name]) => /^out|^v.bias/.test(name));
    await expectExact(graph, Object.fromEntries(some));
  });

  test("keep the biases that are read elsewhere", async () => {
    const graph = trace(
      "attention",
      { x: f32([2, tokens, width]), k: layer(width, width), out: layer(width, width) },
      ({ x, k, out }) => {
        const keys = linear(k, x);
        return { y: linear(out, apply("attention", [x, keys, linear(k, x.exp())], { heads: 2 })), keys };
      },
    );
    expect(opsOf(graph, processor(), weightsOf(graph)).filter((op) => op === "Add")).toHaveLength(3);
    await expectExact(graph, weightsOf(graph));
  });

  const mlp = (units: number) =>
    trace(
      "mlp",
      { x: f32([2, tokens, width]), fc1: layer(units, width), fc2: layer(width, units) },
      ({ x, fc1, fc2 }) => ({ y: linear(fc2, gelu(linear(fc1, x))) }),
    );

  test.each([
    [2 * tokens, 1],
    [2 * tokens + 2, 2],
    [6 * tokens, 3],
    [6 * tokens - 1, 1],
    [8 * tokens, 1],
  ])("have %i hidden units in %i slices, for 320 rows", async (units, count) => {
    const graph = mlp(units);
    expect(opsOf(graph, processor(), weightsOf(graph)).filter((op) => op === "Gelu")).toHaveLength(count);
    await expectExact(graph, weightsOf(graph));
  });

  test("are in one piece where weights come with each run", async () => {
    expect(opsOf(mlp(6 * tokens)).filter((op) => op === "Gelu")).toHaveLength(1);
    await expectExact(mlp(6 * tokens));
  });
});

describe("on graphics processors", () => {
  const norms = (dtype: DType, make: (norm: F32, scale: F32, shift: F32) => Record<string, F32>) =>
    trace("norms", { x: f32([2, 5, 8]), scale: f32([2, 1, 8]), shift: f32([2, 1, 8]) }, ({ x, scale, shift }) => {
      const [narrow, ...modulation] = [x, scale, shift].map((input) => input.cast(dtype) as F32);
      return make(layerNorm(narrow!.cast("f32")).cast(dtype) as F32, ...(modulation as [F32, F32]));
    });
  const isNoCast = (op: string) => op !== "Cast";

  test.each(["f32", "f16"] as const)(
    "a norm with a scale and a shift of each sample is one kernel of CUDA, in %s",
    (dtype) => {
      const graph = norms(dtype, (norm, scale, shift) => ({ y: norm.mul(scale).add(shift).cast("f32") }));
      expect(opsOf(graph, cuda).filter(isNoCast)).toEqual(["LayerNormalization"]);
      expect(opsOf(graph, webgpu).filter(isNoCast)).toEqual(["LayerNormalization", "Mul", "Add"]);
      expect(opsOf(graph, cuda).filter((op) => !isNoCast(op))).toHaveLength(dtype === "f32" ? 0 : 4);
    },
  );

  test("a scale and a shift of unlike shapes are steps of their own", () => {
    const graph = norms("f32", (norm, scale, shift) => ({ y: norm.mul(scale.slice(0, 0, 1)).add(shift) }));
    expect(opsOf(graph, cuda)).toEqual(["LayerNormalization", "Slice", "Mul", "Add"]);
  });

  test.each(["f32", "f16"] as const)("a sum and its norm are one kernel of WebGPU, in %s", (dtype) => {
    const graph = trace("residual", { x: f32([2, 5, 8]), y: f32([2, 5, 8]) }, ({ x, y }) => {
      const sum = x.cast(dtype).add(y.cast(dtype)) as F32;
      return { sum: sum.cast("f32"), norm: (layerNorm(sum.cast("f32")).cast(dtype) as F32).cast("f32") };
    });
    expect(opsOf(graph, webgpu).filter(isNoCast)).toEqual(["SkipLayerNormalization"]);
    expect(opsOf(graph, cuda).filter(isNoCast)).toEqual(["Add", "LayerNormalization"]);
  });

  test("a linear layer's bias is added by the GELU that alone reads it", () => {
    const layers = (make: (hidden: F32) => Record<string, F32>) =>
      trace("mlp", { x: f32([3, 4]), w: f32([8, 4]), b: f32([8]) }, ({ x, w, b }) =>
        make(linear({ weight: w, bias: b }, x)),
      );
    const gelus = layers((hidden) => ({ y: gelu(hidden) }));
    const { nodes } = lowerGraph(gelus, {}, cuda).graph;
    expect(nodes.map(({ opType, inputs }) => [opType, inputs.length])).toEqual([
      ["Gemm", 2],
      ["FastGelu", 2],
    ]);
    const read = lowerGraph(
      layers((hidden) => ({ y: gelu(hidden), hidden })),
      {},
      cuda,
    ).graph.nodes;
    expect(read.map(({ opType, inputs }) => [opType, inputs.length])).toEqual([
      ["Gemm", 3],
      ["FastGelu", 1],
    ]);
  });
});

describe("equal parts of a tensor", () => {
  const parts = (axis: number, ...ranges: [number, number][]) =>
    trace("parts", { x: f32([6, 4]) }, ({ x }) =>
      Object.fromEntries(ranges.map(([from, to], i) => [`part${i}`, x.exp().slice(axis, from, to)])),
    );

  test.each<[number, [number, number][]]>([
    [
      0,
      [
        [2, 4],
        [0, 2],
        [4, 6],
      ],
    ],
    [
      1,
      [
        [0, 2],
        [2, 4],
      ],
    ],
  ])("are cut by one Split along axis %i, whatever their order", async (axis, ranges) => {
    const graph = parts(axis, ...ranges);
    expect(opsOf(graph)).toEqual(["Exp", "Split"]);
    await expectExact(graph);
  });

  test.each(["f16", "i32", "bool"] as const)("may be %s", async (dtype) => {
    const graph = trace("parts", { x: f32([2, 4]) }, ({ x }) => {
      const [a, b] = split(x.cast(dtype), 2);
      return { a: a!.cast("f32"), b: b!.cast("f32") };
    });
    expect(opsOf(graph)).toContain("Split");
    const backend = await ort();
    const executable = await backend.compile(graph);
    const { a, b } = await executable.run({ x: hostF32([2, 4], [1, 0, 0, 1, 1, 1, 1, 0]) });
    expect([...(await a!.read()).data]).toEqual([1, 0, 1, 1]);
    expect([...(await b!.read()).data]).toEqual([0, 1, 1, 0]);
    await backend.dispose();
  });

  test("are sliced where one is missing, or where they differ in size or place", async () => {
    for (const graph of [parts(0, [0, 2], [4, 6]), parts(0, [0, 2], [2, 6]), parts(0, [1, 3], [3, 5])]) {
      expect(opsOf(graph)).toEqual(["Exp", "Slice", "Slice"]);
      await expectExact(graph);
    }
  });

  test("of a known tensor are known", () => {
    const graph = trace("halves", { w: f32([6, 4]), x: f32([3, 4]) }, ({ w, x }) => ({
      y: x.mul(w.slice(0, 0, 3)).add(w.slice(0, 3, 6)),
    }));
    const model = lowerGraph(graph, { w: hostF32([6, 4], new Float32Array(24)) });
    expect(model.graph.nodes.map(({ opType }) => opType)).toEqual(["Mul", "Add"]);
  });
});
