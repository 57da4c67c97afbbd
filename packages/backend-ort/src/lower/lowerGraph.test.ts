import {
  diffusionDefaults,
  ditConfig,
  f32,
  hostF32,
  hostI32,
  i32,
  type ModelConfig,
  normal,
  sample,
  trace,
} from "@dit/core";
import { apply } from "@dit/core/internal";
import { formulaWeights } from "@dit/testkit";
import { describe, expect, test } from "vitest";
import { ort } from "../backend";
import { networkGraph } from "../export";
import { providers } from "../provider";
import { lowerGraph } from "./lowerGraph";

/** Just large enough that a batch does not go through it whole: 256 tokens of width 256. */
const config: ModelConfig = {
  dit: ditConfig(undefined, { hiddenSize: 256, depth: 2, heads: 4, numClasses: 5 }),
  diffusion: diffusionDefaults,
};
const weights = formulaWeights(config.dit);

test("updates of one row that meet are all added up, on several threads", async () => {
  const [count, width] = [512, 1152];
  const graph = trace("rows", { labels: i32([count]), updates: f32([count, width]) }, ({ labels, updates }) => ({
    sums: apply("scatterAdd", [labels, updates], { rows: 10 }),
  }));
  // onnxruntime's ScatterND loses some of them now and then.
  expect(lowerGraph(graph).graph.nodes.map(({ opType }) => opType)).not.toContain("ScatterND");
  const backend = await ort({ threads: 2 });
  const labels = hostI32(
    [count],
    Int32Array.from({ length: count }, (_, i) => i % 10),
  );
  const updates = hostF32([count, width], new Float32Array(count * width).fill(1));
  const { sums } = await (await backend.compile(graph)).run({ labels, updates });
  expect(new Set((await sums!.read()).data)).toEqual(new Set([51, 52]));
  await backend.dispose();
});

test("names of inputs and outputs are theirs alone", async () => {
  const ports = { c0: f32([2]), v0: f32([2]), x: f32([2]) };
  const graph = trace("names", ports, ({ c0, v0, x }) => ({
    x: x.mul(10).add(c0),
    v1: x.add(v0).exp().log(),
    "next.x": x.neg(),
  }));
  const backend = await ort();
  const executable = await backend.compile(graph, { constants: { c0: hostF32([2], [0.5, 0.25]) } });
  const { x, v1, "next.x": negative } = await executable.run({ v0: hostF32([2], [1, 1]), x: hostF32([2], [1, 2]) });
  expect([...(await negative!.read()).data]).toEqual([-1, -2]);
  expect([...(await x!.read()).data]).toEqual([10.5, 20.25]);
  expect((await v1!.read()).data[1]).toBeCloseTo(3, 5);
  await backend.dispose();
});

describe("a batch that goes a few samples at a time", () => {
  test("has an attention for as many as there is work for the threads, and one for all where the samples are small", () => {
    const attentions = (model: ModelConfig, batch: number, threads: number) => {
      const { nodes } = lowerGraph(networkGraph({ config: model }, batch), {}, providers.cpu.target(threads)).graph;
      return nodes.filter(({ opType }) => opType === "Attention").length;
    };
    expect(attentions(config, 3, 1)).toBe(2 * 3);
    expect(attentions(config, 6, 2)).toBe(2 * 2);
    expect(attentions(config, 8, 2)).toBe(2 * 2);
    expect(attentions({ ...config, dit: { ...config.dit, inputSize: [8, 8] } }, 4, 1)).toBe(2);
  });

  test.each([1, 2])("gives each sample what it gets alone, on %i threads", async (threads) => {
    const backend = await ort({ threads });
    const run = async (from: number, count: number) => {
      const executable = await backend.compile(networkGraph({ config }, count), { constants: weights });
      const x = normal({ seed: 0, stream: "x", step: 0, sample: 0 }, 4 * 4096).slice(
        from * 4096,
        (from + count) * 4096,
      );
      const { output } = await executable.run({
        x: hostF32([count, 4, 32, 32], x),
        t: hostF32([count], [3, 500, 999, 40].slice(from, from + count)),
        y: hostI32([count], [0, 4, 5, 1].slice(from, from + count)),
      });
      return (await output!.read()).data as Float32Array;
    };
    const together = await run(0, 4);
    for (const i of [0, 1, 2, 3]) {
      const alone = await run(i, 1);
      const worst = alone.reduce((most, v, j) => Math.max(most, Math.abs(v - together[i * alone.length + j]!)), 0);
      expect(worst).toBeLessThan(1e-4);
    }
    await backend.dispose();
  });

  test("draws the same guided images, however many at a time", async () => {
    const backend = await ort();
    const draw = (classes: number[]) =>
      sample({ config, weights }, { backend, classes, steps: 2, guidance: 2, seed: 4 });
    const [two, one] = [(await draw([1, 3])).images.data, (await draw([1])).images.data];
    const largest = one.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const worst = one.reduce((most, v, i) => Math.max(most, Math.abs(v - two[i]!)), 0);
    expect(worst / largest).toBeLessThan(1e-4);
    await backend.dispose();
  });
});
