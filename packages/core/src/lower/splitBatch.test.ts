import { describe, expect, test } from "vitest";
import { ditSpec } from "../define/dit/dit";
import { initialize } from "../define/initialize";
import { paramsOf } from "../define/params";
import { adamwDefaults } from "../define/train/adamw";
import { trainStep } from "../define/train/trainStep";
import { normal } from "../host/normal";
import { type Graph, nodesOf, stepGraph } from "../ir/graph";
import { sizeOf } from "../ir/shape";
import { verify } from "../ir/verify";
import { evaluate } from "../run/reference/evaluate";
import { newValue, type Value } from "../run/reference/values";
import { toyModel } from "../run/toyModel";
import { lower } from "./lower";
import { schedule } from "./schedule";
import { splitBatch } from "./splitBatch";

const batch = 3;
const step: Graph = {
  ...lower(stepGraph(trainStep(toyModel, { batchSize: batch, adamw: adamwDefaults })), new Set()),
  samples: ["batch.x0", "batch.noise"],
};

describe("a train step cut into samples", () => {
  const after = splitBatch(step, 1);

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

  test("takes the samples through the network one by one", () => {
    const products = (graph: Graph) => nodesOf(graph).filter((node) => node.is("matmul") && node.rank > 2);
    expect(products(after)).toHaveLength(batch * products(step).length);
    for (const node of products(after)) expect(node.shape[0]).toBe(1);
  });

  test("leaves the optimiser alone, which has no samples", () => {
    const optimizer = (graph: Graph) => nodesOf(graph).filter(({ scope }) => scope === "optimizer").length;
    expect(optimizer(after)).toBe(optimizer(step));
  });
});

test("values that are small stay whole", () => {
  expect(nodesOf(splitBatch(step, 2 ** 20))).toHaveLength(nodesOf(step).length);
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
