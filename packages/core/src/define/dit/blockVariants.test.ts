import { describe, expect, test } from "vitest";
import { nodesOf } from "../../ir/graph";
import { sizeOf } from "../../ir/shape";
import { f32, i32 } from "../../trace/signature";
import { trace } from "../../trace/trace";
import { bindParams, countParams, paramsOf, paramTypes } from "../params";
import { conditionings } from "./blockOptions";
import { type DiTConfig, ditConfig } from "./config";
import { dit, ditSpec } from "./dit";
import { multiplyAdds } from "./flops";

/** Every value, the fixed positional table left out. */
function learned(config: DiTConfig): number {
  const { pos_embed, ...spec } = ditSpec(config);
  return countParams(spec);
}

// DiT-XL/2 at 256 px (arXiv 2212.09748, section 5, "DiT block design"); the decimals are derived from the structures.
test.each([
  { conditioning: "inContext", millions: 449.2, gflops: 119.35, paper: { millions: 449, gflops: 119.37 } },
  { conditioning: "crossAttention", millions: 598.0, gflops: 137.6, paper: { millions: 598, gflops: 137.62 } },
  { conditioning: "adaLN", millions: 600.5, gflops: 118.55, paper: { millions: 600, gflops: 118.56 } },
  { conditioning: "adaLNZero", millions: 674.8, gflops: 118.62, paper: { millions: 675, gflops: 118.64 } },
] as const)("$conditioning has the paper's size and cost", ({ conditioning, millions, gflops, paper }) => {
  const config = ditConfig("DiT-XL/2", { conditioning });
  expect(Math.abs(learned(config) / 1e6 - millions)).toBeLessThan(0.1);
  expect(Math.abs(learned(config) / 1e6 - paper.millions)).toBeLessThan(0.6);
  expect(Math.abs(multiplyAdds(config) / 1e9 - gflops)).toBeLessThan(0.01);
  expect(Math.abs(multiplyAdds(config) / 1e9 - paper.gflops)).toBeLessThan(0.05);
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

  test("multiplyAdds counts the products of the traced network", () => {
    const products = nodes.map((node) => {
      if (node.is("linear")) return sizeOf(node.shape) * node.inputs[1].shape[1]!;
      if (node.is("attention")) return 2 * sizeOf(node.shape) * node.inputs[1].shape[1]!;
      expect(node.op).not.toBe("matmul");
      return 0;
    });
    expect(multiplyAdds(config)).toBe(products.reduce((sum, n) => sum + n) / samples);
  });

  test("every parameter is read", () => {
    const read = new Set(nodes.flatMap((node) => (node.is("input") ? [node.attributes.name] : [])));
    const unread = Object.keys(paramsOf(spec)).filter((name) => !read.has(`params.${name}`));
    expect(unread).toEqual([]);
    expect(read.has("y")).toBe(config.numClasses > 0);
  });
});
