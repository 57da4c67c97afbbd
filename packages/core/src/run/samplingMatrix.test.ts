import { describe, expect, test } from "vitest";
import { diffusionDefaults } from "../define/diffusion/config";
import { type PredictionType, predictions } from "../define/diffusion/prediction";
import type { Schedule } from "../define/diffusion/schedule";
import { ditSpec } from "../define/dit/dit";
import { initialize } from "../define/initialize";
import type { Model, ModelConfig } from "../define/model";
import { type SamplerName, samplers } from "../define/sample/samplers";
import { spacingNames } from "../define/sample/spacing";
import { nodesOf, stepGraph } from "../ir/graph";
import { reference } from "./reference/reference";
import { imageScan, type SampleOptions, sample, samplerTable } from "./sample";
import { sampleDefaults } from "./sampleSettings";
import { toyModel } from "./toyModel";

// Everything with everything: what a table is made of is looked at for every combination; images are drawn for every
// sampler with every spacing and every guidance, the prediction types and schedules taking turns.

const predictionTypes = Object.keys(predictions) as PredictionType[];
const schedules: Schedule[] = ["linear", "cosine", "scaledLinear", { name: "linear", ends: [2e-4, 0.01] }];
const names = Object.keys(samplers) as SamplerName[];
const steps = 5;

const configOf = (prediction: PredictionType, schedule: Schedule): ModelConfig => ({
  ...toyModel,
  diffusion: { ...diffusionDefaults, prediction, schedule },
});

const weights: Model["weights"] = Object.fromEntries(
  Object.entries(initialize(ditSpec(toyModel.dit), 0)).map(([name, value], n) => [
    name,
    name === "pos_embed" ? value : { ...value, data: value.data.map((_, i) => 0.2 * Math.sin(12.9 * i + n)) },
  ]),
);

/** What may be asked of guidance; the model itself stands in for a weaker one. */
const guidances: Readonly<Record<string, (model: Model) => Partial<SampleOptions>>> = {
  none: () => ({ guidance: 1 }),
  "three channels": () => ({ guidance: 3, guidanceChannels: 3 }),
  "all channels": () => ({ guidance: 3, guidanceChannels: "all" }),
  interval: () => ({ guidance: 3, guidanceInterval: [200, 600] }),
  rescaled: () => ({ guidance: 3, guidanceRescale: 0.7 }),
  autoguidance: (model) => ({ guidance: 3, autoguidance: model }),
};

describe.each(predictionTypes)("a table for a model that predicts %s", (prediction) => {
  test.each(names)("by %s is finite for every schedule, spacing and end, and calls where it should", (sampler) => {
    for (const schedule of schedules) {
      for (const spacing of spacingNames) {
        for (const end of ["clean", "sigmaMin"] as const) {
          const { rows } = samplerTable(configOf(prediction, schedule), {
            ...sampleDefaults,
            sampler,
            spacing,
            end,
            steps,
          });
          expect(rows.filter(({ starts }) => starts === 1)).toHaveLength(steps);
          for (const row of rows) {
            expect(Object.values(row).every(Number.isFinite)).toBe(true);
            expect(row.timestep).toBeGreaterThanOrEqual(0);
            expect(row.timestep).toBeLessThanOrEqual(999);
          }
        }
      }
    }
  });
});

let turn = 0;
describe.each(names)("%s", (sampler) => {
  test.each(spacingNames)("draws with the spacing %s and every guidance", async (spacing) => {
    for (const [guidance, options] of Object.entries(guidances)) {
      const config = configOf(predictionTypes[turn % 3]!, schedules[turn % 4]!);
      turn++;
      const model = { config, weights };
      const backend = reference();
      const settings = { sampler, spacing, steps: 3, clip: true, ...options(model) };
      const { images } = await sample(model, { backend, classes: [0, 2], ...settings });
      expect(images.shape).toEqual([2, 1, 4, 4]);
      expect([guidance, images.data.every(Number.isFinite)]).toEqual([guidance, true]);
      expect(backend.memory().liveTensors).toBe(0);
    }
  });
});

test.each(predictionTypes)(
  "ddim, euler and dpm++1 draw the same images from a model that predicts %s",
  async (prediction) => {
    const model = { config: configOf(prediction, "cosine"), weights };
    const [first, ...others] = await Promise.all(
      (["ddim", "euler", "dpm++1"] as const).map(async (sampler) => {
        const settings = { sampler, spacing: "trailing", steps: 6, guidance: 2, clip: true } as const;
        return (await sample(model, { backend: reference(), classes: [0, 1], ...settings })).images.data;
      }),
    );
    for (const other of others) {
      other.forEach((value, i) => {
        expect(value).toBeCloseTo(first![i]!, 4);
      });
    }
  },
);

test("a table has no more columns in its graph than it needs", () => {
  const config = configOf("eps", "linear");
  const inputs = (sampler: SamplerName) => {
    const settings = { ...sampleDefaults, sampler, steps };
    const step = stepGraph(imageScan(config, settings, samplerTable(config, settings), 1));
    expect(nodesOf(step).length).toBeGreaterThan(0);
    return step.inputs.map(({ name }) => name).filter((name) => /^(row\.|x$|anchor|d\d)/.test(name));
  };
  expect(inputs("ddim")).toEqual(["x", "row.timestep", "row.x0FromX", "row.x0FromOutput", "row.fromX", "row.fromD"]);
  expect(inputs("dpm++3m")).toEqual(expect.arrayContaining(["x", "d1", "d2", "row.fromD2"]));
  expect(inputs("dpm++3m")).not.toContain("row.std");
});

test.each(names.filter((name) => name !== "ddpm"))(
  "%s draws no image beyond the range where images are clamped",
  async (sampler) => {
    const model = { config: configOf("eps", "linear"), weights };
    const backend = reference();
    const draw = async (clip: boolean) => {
      const { images } = await sample(model, { backend, classes: [0, 1], sampler, steps, guidance: 1, clip });
      return images.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    };
    expect(await draw(true)).toBeLessThanOrEqual(1 + 1e-6);
    expect(await draw(false)).toBeGreaterThan(1.5);
  },
);
