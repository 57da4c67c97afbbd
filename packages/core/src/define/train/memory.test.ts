import { describe, expect, test } from "vitest";
import { normal } from "../../host/normal";
import { bytesPerElement } from "../../ir/dtype";
import { nodesOf, type Scan, stepGraph, topologicalOrder } from "../../ir/graph";
import { hostF32, hostI32 } from "../../ir/hostTensor";
import { sizeOf } from "../../ir/shape";
import type { Tensor } from "../../ir/tensor";
import { verifyScan } from "../../ir/verify";
import { lowerScan } from "../../lower/lower";
import type { ReferenceTensor } from "../../run/reference/reference";
import { reference } from "../../run/reference/reference";
import { toyModel } from "../../run/toyModel";
import { carryOf, firstState, prefixed, splitFixed } from "../../run/trainState";
import { diffusionDefaults } from "../diffusion/config";
import { ditConfig } from "../dit/config";
import { adamwDefaults, adamwScalarsAt } from "./adamw";
import { type TrainStepConfig, trainStep } from "./trainStep";

const model = { ...toyModel, dit: { ...toyModel.dit, depth: 3 } };

/** The state after two steps and the metrics of both, in float64. */
async function twoSteps(changes: Partial<TrainStepConfig>) {
  const scan = trainStep(model, { batchSize: 4, adamw: adamwDefaults, gradientClip: 1, ...changes });
  verifyScan(lowerScan(scan, new Set()));
  const state = firstState(model, 0);
  const executable = await reference().compileScan(scan);
  const image = (stream: string) =>
    hostF32([2, 4, 1, 4, 4], normal({ seed: 1, stream, step: 0, sample: 0 }, 2 * 4 * 16));
  const scalars = [1, 2].map((step) => adamwScalarsAt(step, 0.01, adamwDefaults));
  const column = (name: keyof (typeof scalars)[number]) =>
    hostF32(
      [2],
      scalars.map((row) => row[name]),
    );
  const { carry, ys } = await executable.run({
    constants: prefixed("fixed", splitFixed(model, state.params).fixed),
    carry: carryOf(model, state, changes.precision),
    xs: {
      ...prefixed("batch", {
        x0: image("x0"),
        noise: image("noise"),
        step: hostI32([2, 4], [10, 300, 600, 999, 0, 1, 500, 700]),
        y: hostI32([2, 4], [0, 1, 2, 3, 3, 2, 1, 0]),
      }),
      ...prefixed("adamw", { stepSize: column("stepSize"), epsilon: column("epsilon"), decay: column("decay") }),
      emaDecay: hostF32([2], [0.9, 0.9]),
    },
  });
  return Object.fromEntries(
    Object.entries({ ...carry, ...ys }).map(([name, x]) => [name, (x as ReferenceTensor).float64]),
  );
}

describe("a train step whose blocks are computed again", () => {
  test("does the same to the bit", async () => {
    const [plain, again] = await Promise.all([twoSteps({}), twoSteps({ checkpoint: true })]);
    expect(again).toEqual(plain);
  });

  test("keeps less than 45% at a depth of 28", () => {
    const dit = ditConfig(undefined, { hiddenSize: 128, depth: 28, heads: 2, numClasses: 10 });
    const deep = { dit, diffusion: diffusionDefaults };
    const peak = (checkpoint: boolean) =>
      peakBytes(trainStep(deep, { batchSize: 16, adamw: adamwDefaults, checkpoint }));
    expect(peak(true) / peak(false)).toBeLessThan(0.45);
  });

  test("computes each block once more, and no block twice more", () => {
    const attentions = (checkpoint: boolean) =>
      nodesOf(stepGraph(trainStep(model, { batchSize: 4, adamw: adamwDefaults, checkpoint }))).filter(
        ({ op }) => op === "attention",
      ).length;
    expect([attentions(false), attentions(true)]).toEqual([3, 6]);
  });
});

describe("a train step in parts", () => {
  test.each([2, 4])("of which there are %d makes the gradients of the whole batch", async (accumulate) => {
    const [whole, parts] = await Promise.all([twoSteps({}), twoSteps({ accumulate })]);
    for (const [name, expected] of Object.entries(whole)) {
      const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const worst = expected.reduce((most, x, i) => Math.max(most, Math.abs(x - parts[name]![i]!)), 0);
      // A key's bias has no gradient but rounding, which AdamW scales up.
      if (name.startsWith("m.") || name === "gradNorm" || name === "loss")
        expect(worst).toBeLessThanOrEqual(1e-6 * largest + 1e-15);
    }
  });

  test("takes the memory of one, however many there are", () => {
    const dit = ditConfig(undefined, { hiddenSize: 64, depth: 2, heads: 1, numClasses: 10 });
    const wide = { dit, diffusion: diffusionDefaults };
    const peak = (accumulate: number) =>
      peakBytes(trainStep(wide, { batchSize: 8 * accumulate, adamw: adamwDefaults, accumulate }));
    const [one, two, eight] = [1, 2, 8].map(peak) as [number, number, number];
    expect(two / one).toBeLessThan(1.1);
    expect(eight / two).toBeLessThan(1.01);
  });
});

/** Most bytes of computed values at a time, each freed after its last use; a reshape and a barrier hand memory on. */
function peakBytes(scan: Scan): number {
  const outputs = stepGraph(lowerScan(scan, new Set(["attention", "gelu", "linear", "layerNorm", "silu"]))).outputs.map(
    ({ tensor }) => tensor,
  );
  const order = topologicalOrder(outputs);
  const memoryOf = (x: Tensor): Tensor => (x.is("reshape") || x.is("barrier") ? memoryOf(x.inputs[0]) : x);
  const lastUse = new Map<Tensor, number>();
  order.forEach((node, i) => {
    for (const x of [node, ...node.inputs]) lastUse.set(memoryOf(x), i);
  });
  for (const x of outputs) lastUse.set(memoryOf(x), order.length);
  const freed = new Map<number, Tensor[]>();
  for (const [x, i] of lastUse) freed.set(i, [...(freed.get(i) ?? []), x]);
  const bytes = (x: Tensor) => (x.inputs.length === 0 ? 0 : sizeOf(x.shape) * bytesPerElement[x.dtype]);
  let [live, peak] = [0, 0];
  order.forEach((node, i) => {
    if (memoryOf(node) === node) live += bytes(node);
    peak = Math.max(peak, live);
    for (const x of freed.get(i) ?? []) live -= bytes(x);
  });
  return peak;
}
