import { bindParams, f32, hostTensor, normal, paramTypes, reference, trace } from "@dit/core";
import { paramsOf } from "@dit/core/internal";
import { describe, expect, test } from "vitest";
import { foldNorms } from "./foldNorms";
import { formulaWeight } from "./formulaWeights";
import { inceptionSpec, storedInceptionSpec } from "./inception";
import { inceptionGraph, inceptionWeights } from "./inceptionNetwork";
import { unit, unitSpec } from "./layers";

const stored = Object.fromEntries(
  Object.entries(paramsOf(storedInceptionSpec())).map(([name, { shape }]) => [name, formulaWeight(name, shape)]),
);

describe("folding", () => {
  const folded = foldNorms(stored);

  test("gives the parameters that the network takes", () => {
    expect(Object.fromEntries(Object.entries(folded).map(([name, { shape }]) => [name, shape]))).toEqual(
      Object.fromEntries(Object.entries(paramsOf(inceptionSpec())).map(([name, { shape }]) => [name, shape])),
    );
  });

  test("a convolution then computes what convolution and normalisation did", async () => {
    const name = "Conv2d_3b_1x1";
    const x = hostTensor("f32", [1, 64, 2, 2], normal({ seed: 0, stream: "x", step: 0, sample: 0 }, 256));
    const spec = unitSpec(64, 80, 1);
    const graph = trace("unit", { params: paramTypes(spec).all, x: f32([1, 64, 2, 2]) }, ({ params, x }) => ({
      y: unit(bindParams(spec, params), x),
    }));
    const executable = await reference().compile(graph);
    const params = { "params.weight": folded[`${name}.weight`]!, "params.bias": folded[`${name}.bias`]! };
    const { data } = await (await executable.run({ ...params, x })).y!.read();
    const of = (part: string) => stored[`${name}.${part}`]!.data;
    for (const [channel, cell] of [
      [0, 0],
      [17, 3],
      [79, 1],
    ] as const) {
      let sum = 0;
      for (let c = 0; c < 64; c++) sum += of("conv.weight")[channel * 64 + c]! * x.data[c * 4 + cell]!;
      const centred = (sum - of("bn.running_mean")[channel]!) / Math.sqrt(of("bn.running_var")[channel]! + 0.001);
      const expected = Math.max(0, centred * of("bn.weight")[channel]! + of("bn.bias")[channel]!);
      expect(data[channel * 4 + cell]).toBeCloseTo(expected, 5);
    }
  });

  test("other weights are refused by name", () => {
    const { "fc.bias": _, ...rest } = stored;
    expect(() => foldNorms(rest)).toThrow("not the weights of the Inception network: fc.bias is missing");
    const wide = { ...stored, "fc.bias": hostTensor("f32", [1000], new Float32Array(1000)) };
    expect(() => foldNorms(wide)).toThrow("fc.bias has shape [1000], the Inception network of 2015 has [1008]");
    expect(() => inceptionWeights({ metadata: {}, tensors: new Map() })).toThrow("is missing");
  });
});

test("the network's outputs, by its definition alone", () => {
  const graph = inceptionGraph(2);
  expect(graph.outputs.map(({ name, tensor }) => [name, tensor.shape])).toEqual([
    ["features", [2, 2048]],
    ["spatial", [2, 2023]],
    ["logits", [2, 1008]],
  ]);
});
