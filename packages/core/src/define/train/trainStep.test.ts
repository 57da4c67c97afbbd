import { describe, expect, test } from "vitest";
import { normal } from "../../host/normal";
import { nodesOf, stepGraph } from "../../ir/graph";
import { hostF32, hostI32, hostZeros } from "../../ir/hostTensor";
import { verifyScan } from "../../ir/verify";
import { lowerScan } from "../../lower/lower";
import { reference } from "../../run/reference/reference";
import { diffusionDefaults } from "../diffusion/config";
import { ditConfig } from "../dit/config";
import { ditSpec } from "../dit/dit";
import { initialize } from "../initialize";
import { isFixed, paramsOf } from "../params";
import { adamwDefaults, adamwScalarsAt } from "./adamw";
import { trainStep } from "./trainStep";

const dit = ditConfig(undefined, {
  inputSize: [4, 4],
  inChannels: 1,
  hiddenSize: 8,
  depth: 1,
  heads: 2,
  numClasses: 3,
});
const model = { dit, diffusion: diffusionDefaults };
const spec = ditSpec(dit);
const weights = initialize(spec, 0);
const trained = Object.keys(weights).filter((name) => !isFixed(paramsOf(spec)[name]!));
const named = (prefix: string, value: (name: string) => unknown, names = trained) =>
  Object.fromEntries(names.map((name) => [`${prefix}.${name}`, value(name)])) as Record<string, never>;

async function oneStep(gradientClip?: number) {
  const options = { batchSize: 2, adamw: adamwDefaults, ...(gradientClip === undefined ? {} : { gradientClip }) };
  const executable = await reference().compileScan(trainStep(model, options));
  const scalars = adamwScalarsAt(1, 0.01, adamwDefaults);
  const { carry, ys } = await executable.run({
    constants: { "fixed.pos_embed": weights.pos_embed! },
    carry: {
      ...named("params", (name) => weights[name]),
      ...named("m", (name) => hostZeros("f32", weights[name]!.shape)),
      ...named("v", (name) => hostZeros("f32", weights[name]!.shape)),
      ...named("ema", (name) => weights[name]),
    },
    xs: {
      "batch.x0": hostF32([1, 2, 1, 4, 4], normal({ seed: 1, stream: "x0", step: 0, sample: 0 }, 32)),
      "batch.noise": hostF32([1, 2, 1, 4, 4], normal({ seed: 1, stream: "noise", step: 0, sample: 0 }, 32)),
      "batch.step": hostI32([1, 2], [100, 900]),
      "batch.y": hostI32([1, 2], [0, 3]),
      ...Object.fromEntries(Object.entries(scalars).map(([name, value]) => [`adamw.${name}`, hostF32([1], [value])])),
      emaDecay: hostF32([1], [0.9]),
    },
  });
  const values = async (tensors: typeof carry) =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(tensors).map(async ([name, x]) => [name, (await x.read()).data as Float32Array] as const),
      ),
    );
  return { carry: await values(carry), ys: await values(ys) };
}

describe("a train step", () => {
  test("is one valid scan, before and after lowering", () => {
    const scan = trainStep(model, { batchSize: 2, adamw: adamwDefaults, gradientClip: 1 });
    expect(() => verifyScan(scan)).not.toThrow();
    expect(() => verifyScan(lowerScan(scan, new Set()))).not.toThrow();
    expect(scan.constants.map(({ name }) => name)).toEqual(["fixed.pos_embed"]);
    expect(scan.ys.map(({ name }) => name)).toEqual(["loss", "mse", "vb", "gradNorm"]);
    expect(scan.carry).toHaveLength(4 * trained.length);
  });

  test("tells the optimizer's nodes from the model's", () => {
    const nodes = nodesOf(stepGraph(trainStep(model, { batchSize: 2, adamw: adamwDefaults })));
    const scopes = new Set(nodes.map(({ scope }) => scope.split(".")[0]));
    expect(scopes).toContain("optimizer");
    expect(scopes).toContain("blocks");
  });

  test("moves the parameters that have a gradient, and the average by a tenth of that", async () => {
    const { carry, ys } = await oneStep();
    const bias = "final_layer.linear.bias";
    const moved = carry[`params.${bias}`]!;
    expect([...moved].every((x) => x !== 0 && Math.abs(x) <= 0.0101)).toBe(true);
    carry[`ema.${bias}`]!.forEach((x, i) => {
      expect(x).toBeCloseTo(0.1 * moved[i]!, 8);
    });
    expect(carry["params.blocks.0.attn.proj.weight"]).toEqual(weights["blocks.0.attn.proj.weight"]!.data);
    expect(ys.loss![0]).toBeCloseTo(ys.mse![0]! + ys.vb![0]!, 5);
  });

  test("measures the norm of the gradient that makes the first moment", async () => {
    const { carry, ys } = await oneStep();
    const squares = trained.map((name) => carry[`m.${name}`]!.reduce((sum, m) => sum + (m / 0.1) ** 2, 0));
    expect(ys.gradNorm![0]).toBeCloseTo(Math.sqrt(squares.reduce((a, b) => a + b)), 4);
  });

  test("scales longer gradients down to the clip, and leaves shorter ones", async () => {
    const [plain, clipped, loose] = await Promise.all([oneStep(), oneStep(0.01), oneStep(1e6)]);
    const factor = 0.01 / (plain.ys.gradNorm![0]! + 1e-6);
    expect(factor).toBeLessThan(0.5);
    const name = "m.final_layer.linear.weight";
    clipped.carry[name]!.forEach((m, i) => {
      expect(m).toBeCloseTo(factor * plain.carry[name]![i]!, 8);
    });
    expect(loose.carry[name]).toEqual(plain.carry[name]);
    expect(clipped.ys.gradNorm).toEqual(plain.ys.gradNorm);
  });
});
