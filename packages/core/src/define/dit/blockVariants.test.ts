import { describe, expect, test } from "vitest";
import { composites } from "../../ir/composites/table";
import { nodesOf } from "../../ir/graph";
import type { CompositeName } from "../../ir/ops";
import { sizeOf } from "../../ir/shape";
import { lower } from "../../lower/lower";
import { productsOf } from "../../lower/productsOf";
import { splitBatch } from "../../lower/splitBatch";
import { compute } from "../../run/reference/compute";
import { f32, i32 } from "../../trace/signature";
import { trace } from "../../trace/trace";
import { bindParams, countParams, paramsOf, paramTypes } from "../params";
import { conditionings } from "./blockOptions";
import { type DiTConfig, ditConfig, tokenCount } from "./config";
import { dit, ditSpec } from "./dit";
import { multiplyAdds } from "./flops";

/** Every value, the fixed positional table left out. */
function learned(config: DiTConfig): number {
  const { pos_embed, ...spec } = ditSpec(config);
  return countParams(spec);
}

// DiT-XL/2 at 256 px (arXiv 2212.09748, section 5, "DiT block design"); the decimals are derived from the structures.
test.each([
  { conditioning: "inContext", millions: 449.2, paper: { millions: 449, gflops: 119.37 } },
  { conditioning: "crossAttention", millions: 598.0, paper: { millions: 598, gflops: 137.62 } },
  { conditioning: "adaLN", millions: 600.5, paper: { millions: 600, gflops: 118.56 } },
  { conditioning: "adaLNZero", millions: 674.8, paper: { millions: 675, gflops: 118.64 } },
] as const)("$conditioning has the paper's size and cost", ({ conditioning, millions, paper }) => {
  const config = ditConfig("DiT-XL/2", { conditioning });
  expect(Math.abs(learned(config) / 1e6 - millions)).toBeLessThan(0.1);
  expect(Math.abs(learned(config) / 1e6 - paper.millions)).toBeLessThan(0.6);
  expect(Math.abs(multiplyAdds(config) / 1e9 - paper.gflops)).toBeLessThan(0.01);
});

const tiny = { inputSize: [4, 8], inChannels: 2, hiddenSize: 48, depth: 2, heads: 3, numClasses: 3 } as const;
const options: readonly Partial<DiTConfig>[] = [
  {},
  { mlp: "swiglu", mlpRatio: 3 },
  { norm: "rms", qkNorm: true },
  { rope: true, registerTokens: 3 },
  { numClasses: 0, learnSigma: false },
];
const configs = conditionings.flatMap((conditioning) =>
  options.map((option) => ditConfig(undefined, { ...tiny, ...option, conditioning })),
);

describe.each(configs.map((config) => [JSON.stringify(config), config] as const))("%s", (_, config) => {
  const samples = 2;
  const spec = ditSpec(config);
  const image = f32([samples, config.inChannels, ...config.inputSize]);
  const signature = { params: paramTypes(spec).all, x: image, t: f32([samples]), y: i32([samples]) };
  const graph = trace("forward", signature, ({ params, x, t, y }) => ({
    output: dit(bindParams(spec, params), x, t, y, config),
  }));
  const nodes = nodesOf(graph);

  test("multiplyAdds counts the products and the norms of the traced network", () => {
    const norms = nodes.map((node) => {
      const isOfTokens = node.shape.length === 3 && node.shape[2] === config.hiddenSize;
      return (node.is("layerNorm") || node.is("rmsNorm")) && isOfTokens ? sizeOf(node.shape) : 0;
    });
    expect(multiplyAdds(config)).toBe((productsOf(graph) + norms.reduce((sum, n) => sum + n)) / samples);
  });

  test("the image's tokens come first in the blocks, which rotary positions count on", () => {
    const firstNorm = nodes.find(({ op, scope }) => /Norm$/.test(op) && scope.startsWith("blocks.0"))!;
    const input = firstNorm.inputs[0]!;
    const image = input.is("concat") ? input.inputs[0]! : input;
    expect(image.scope).toBe("pos_embed");
    expect(image.shape[1]).toBe(tokenCount(config));
  });

  test("samples can be taken one by one, with the composites as they are", () => {
    const whole = lower(graph, new Set(Object.keys(composites) as CompositeName[]));
    const split = splitBatch(
      { ...whole, samples: ["x"] },
      { samplesAtOnce: 1, smallestSample: 1, largestPart: Infinity },
    );
    const attentions = nodesOf(split).filter(({ op }) => op === "attention");
    expect(attentions.map(({ shape }) => shape[0])).toEqual(attentions.map(() => 1));
    const values = new Map(
      graph.inputs.map(({ name, tensor }) => [
        tensor,
        Float64Array.from({ length: sizeOf(tensor.shape) }, (_, i) =>
          name === "y" ? i : Math.sin(3 * i + name.length),
        ),
      ]),
    );
    const [expected, actual] = compute([whole.outputs[0]!.tensor, split.outputs[0]!.tensor], values);
    expect(Math.max(...actual!.map((value, i) => Math.abs(value - expected![i]!)))).toBeLessThan(1e-9);
  });

  test("every parameter is read", () => {
    const read = new Set(nodes.flatMap((node) => (node.is("input") ? [node.attributes.name] : [])));
    const unread = Object.keys(paramsOf(spec)).filter((name) => !read.has(`params.${name}`));
    expect(unread).toEqual([]);
    expect(read.has("y")).toBe(config.numClasses > 0);
  });
});
