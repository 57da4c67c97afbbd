import { describe, expect, test } from "vitest";
import { ditSpec } from "../define/dit/dit";
import { initialize } from "../define/initialize";
import { conv2d } from "../define/nn/conv2d";
import { groupNorm } from "../define/nn/groupNorm";
import { paramsOf } from "../define/params";
import { adamwDefaults } from "../define/train/adamw";
import { trainStep } from "../define/train/trainStep";
import { valueAndGrad } from "../differentiate/valueAndGrad";
import { normal } from "../host/normal";
import { avgPool2d, maxPool2d, upsampleNearest } from "../ir/create";
import { type Graph, nodesOf, stepGraph } from "../ir/graph";
import type { CompositeName } from "../ir/ops";
import { inScope } from "../ir/scope";
import { sizeOf } from "../ir/shape";
import { verify } from "../ir/verify";
import { compute } from "../run/reference/compute";
import { evaluate } from "../run/reference/evaluate";
import { newValue, type Value } from "../run/reference/values";
import { toyModel } from "../run/toyModel";
import { f32 } from "../trace/signature";
import { trace } from "../trace/trace";
import { lower } from "./lower";
import { schedule } from "./schedule";
import { type BatchSplit, splitBatch } from "./splitBatch";

const oneByOne: BatchSplit = { samplesAtOnce: 1, smallestSample: 1, largestPart: Infinity };

const batch = 4;
const step: Graph = {
  ...lower(stepGraph(trainStep(toyModel, { batchSize: batch, adamw: adamwDefaults })), new Set()),
  samples: ["batch.x0", "batch.noise"],
};

describe.each([1, 2])("a train step of %i samples at once", (samplesAtOnce) => {
  const after = splitBatch(step, { ...oneByOne, samplesAtOnce });

  test("is a sound graph that computes what it did", () => {
    verify(after);
    const [expected, actual] = [valuesOf(step), valuesOf(after)];
    expect(actual).toHaveLength(expected.length);
    actual.forEach((values, i) => {
      const largest = expected[i]!.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-12);
      const worst = values.reduce((most, x, j) => Math.max(most, Math.abs(x - expected[i]![j]!)), 0);
      expect(worst / largest).toBeLessThan(1e-9);
    });
  });

  test("takes the samples through the network so many at a time", () => {
    const products = (graph: Graph) => nodesOf(graph).filter((node) => node.is("matmul") && node.rank > 2);
    expect(products(after)).toHaveLength((batch / samplesAtOnce) * products(step).length);
    for (const node of products(after)) expect(node.shape[0]).toBe(samplesAtOnce);
  });

  test("leaves the optimiser alone, which has no samples", () => {
    const optimizer = (graph: Graph) => nodesOf(graph).filter(({ scope }) => scope === "optimizer").length;
    expect(optimizer(after)).toBe(optimizer(step));
  });
});

describe("a network on images and its gradient, cut into samples", () => {
  const types = { images: f32([batch, 4, 5, 6]), w: f32([4, 4, 3, 3]), scale: f32([4]) };
  const graph: Graph = {
    ...trace("images", types, ({ images, w, scale }) => {
      const { value, gradients } = valueAndGrad(
        ({ x, w }) => {
          const pooled = maxPool2d(conv2d({ weight: w, bias: scale }, x, { padding: 1 }), { window: 2, stride: 1 });
          const means = avgPool2d(groupNorm({ weight: scale, bias: scale }, pooled, 2), { window: 2 });
          return { loss: upsampleNearest(means).conv2d(w).square().sum() };
        },
        { x: images, w },
      );
      return { ...value, ...gradients };
    }),
    samples: ["images"],
  };

  test.each<[string, ReadonlySet<CompositeName>]>([
    ["in primitives", new Set()],
    ["with composites", new Set(["biasedConv2d", "avgPool2d", "groupNorm", "upsampleNearest"])],
  ])("computes what it did, %s", (_, native) => {
    const whole = lower(graph, native);
    const cut = splitBatch(whole, oneByOne);
    verify(cut);
    const convolutions = (of: Graph) => nodesOf(of).filter((node) => node.is("conv2d")).length;
    expect(convolutions(cut)).toBe(batch * convolutions(whole));
    const [expected, actual] = [whole, cut].map((of) => {
      const outputs = of.outputs.map(({ tensor }) => tensor);
      return compute(outputs, inputsOf(of));
    }) as [Float64Array[], Float64Array[]];
    expected.forEach((values, i) => {
      values.forEach((value, j) => {
        expect(actual[i]![j]).toBeCloseTo(value, 9);
      });
    });
  });

  function inputsOf({ inputs }: Graph) {
    return new Map(
      inputs.map(({ name, tensor }) => [
        tensor,
        normal({ seed: 2, stream: name, step: 0, sample: 0 }, sizeOf(tensor.shape)),
      ]),
    );
  }
});

const rows: Graph = { ...trace("rows", { x: f32([batch, 8]) }, ({ x }) => ({ y: x.exp() })), samples: ["x"] };
const exponentials = (graph: Graph) => nodesOf(graph).filter((node) => node.is("exp")).length;

test.each([
  [1, 4],
  [2, 2],
  [3, 2],
  [4, 1],
  [5, 1],
  [Infinity, 1],
])("of at most %i samples at once a batch of 4 is in %i parts", (samplesAtOnce, parts) => {
  expect(exponentials(splitBatch(rows, { ...oneByOne, samplesAtOnce }))).toBe(parts);
});

test.each([
  [32, 1],
  [31, 2],
  [16, 2],
  [15, 4],
  [1, 4],
])("where a part has at most %i elements, a batch of 4 times 8 is in %i parts", (largestPart, parts) => {
  expect(exponentials(splitBatch(rows, { ...oneByOne, samplesAtOnce: 4, largestPart }))).toBe(parts);
});

test("from one module to the next the parts wait for each other, and are not joined", () => {
  const types = { x: f32([batch, 8]), w: f32([8, 8]) };
  const { outputs, ...graph } = trace("modules", types, ({ x, w }) => {
    const first = inScope("blocks.0", () => x.matmul(w).exp());
    return { y: inScope("blocks.1", () => first.matmul(w).exp()) };
  });
  const after = splitBatch({ ...graph, outputs, samples: ["x"] }, oneByOne);
  const barriers = nodesOf(after).filter((node) => node.is("barrier"));
  expect(barriers).toHaveLength(batch);
  for (const { inputs } of barriers) expect(new Set(inputs.map(({ op, scope }) => `${op} ${scope}`)).size).toBe(1);
  expect(barriers.map(({ inputs }) => inputs.slice(1))).toEqual(
    barriers.map(() => barriers.map(({ inputs: [x] }) => x)),
  );
  expect(nodesOf(after).filter((node) => node.is("concat"))).toHaveLength(1);
});

test("values that are small stay whole", () => {
  expect(nodesOf(splitBatch(step, { ...oneByOne, smallestSample: 2 ** 20 }))).toHaveLength(nodesOf(step).length);
});

/** Every output, on weights that are not zero and inputs made by formula. */
function valuesOf(graph: Graph): Float64Array[] {
  const weights = initialize(ditSpec(toyModel.dit), 1);
  const given = new Map(
    graph.inputs.map(({ name, tensor }): [typeof tensor, Value] => {
      const size = sizeOf(tensor.shape);
      const noise = normal({ seed: 5, stream: name, step: 0, sample: 0 }, size);
      const param = name.replace(/^\w+\./, "");
      const isWeight = /^(params|ema|fixed)\./.test(name) && param in paramsOf(ditSpec(toyModel.dit));
      const value = (i: number): number => {
        if (tensor.dtype === "i32") return i % 3;
        if (isWeight) return weights[param]!.data[i]! + 0.05 * noise[i]!;
        return name.startsWith("v.") || tensor.rank === 0 ? Math.abs(noise[i]!) * 0.01 : noise[i]!;
      };
      return [
        tensor,
        newValue(
          tensor.dtype,
          tensor.shape,
          Float64Array.from({ length: size }, (_, i) => value(i)),
        ),
      ];
    }),
  );
  return evaluate(schedule(graph), given).map(({ data }) => data);
}
