import { describe, expect, test } from "vitest";
import { diffusionDefaults } from "../define/diffusion/config";
import { ditConfig } from "../define/dit/config";
import { ditSpec } from "../define/dit/dit";
import { initialize } from "../define/initialize";
import type { Model, ModelConfig } from "../define/model";
import { ConfigError } from "../ir/errors";
import { reference } from "./reference/reference";
import { createSampler, type SampleOptions, sample } from "./sample";
import { toyModel } from "./toyModel";
import { watchedReference } from "./watchedBackend";

const lively = (config: ModelConfig, seed: number): Model => ({
  config,
  weights: Object.fromEntries(
    Object.entries(initialize(ditSpec(config.dit), seed)).map(([name, value], n) => [
      name,
      name === "pos_embed" ? value : { ...value, data: value.data.map((_, i) => 0.2 * Math.sin(12.9 * i + n + seed)) },
    ]),
  ),
});
const model = lively(toyModel, 0);
const weaker = lively({ ...toyModel, dit: { ...toyModel.dit, depth: 2, heads: 1 } }, 5);
const unguidable = lively({ ...toyModel, dit: { ...toyModel.dit, classDropout: 0 } }, 0);

async function draw(changes: Partial<SampleOptions> = {}, of = model) {
  const backend = changes.backend ?? reference();
  const { images } = await sample(of, { backend, classes: [0, 1, 2], steps: 6, seed: 5, guidance: 3, ...changes });
  expect(backend.memory().liveTensors).toBe(0);
  return images.data;
}

describe("a guidance interval", () => {
  test("really skips the second forward pass outside it", async () => {
    const backend = watchedReference();
    // Timesteps 999, 799, 599, 400, 200, 0.
    await draw({ backend, guidanceInterval: [300, 700] });
    expect([...backend.scans].sort((a, b) => a.batches[0]! - b.batches[0]!)).toEqual([
      { batches: [3], rows: 4 },
      { batches: [6], rows: 2 },
    ]);
  });

  test("that holds every timestep is guidance, one that holds none is none, and one between is neither", async () => {
    const [whole, none, half] = [
      await draw(),
      await draw({ guidance: 1 }),
      await draw({ guidanceInterval: [300, 700] }),
    ];
    expect(await draw({ guidanceInterval: [0, 999] })).toEqual(whole);
    expect(await draw({ guidanceInterval: [1000, 2000] })).toEqual(none);
    expect(half).not.toEqual(whole);
    expect(half).not.toEqual(none);
  });

  test("may begin within a step of several calls", async () => {
    const backend = watchedReference();
    // heun calls at 999, 799, 799, 599, 599, ..., 0.
    await draw({ backend, sampler: "heun", guidanceInterval: [0, 799] });
    expect(backend.scans.map(({ batches, rows }) => [batches[0], rows])).toEqual([
      [3, 1],
      [6, 10],
    ]);
  });

  test("shows nothing on the way that it was not created for", async () => {
    const sampler = await createSampler(model.config, reference(), 1, { steps: 2 });
    const run = sampler.run(model.weights, [0], { onPreview: () => {} });
    await expect(run).rejects.toThrow("onPreview is given, but this sampler was created without previews: true");
  });

  test("goes on from what a multistep solver kept", async () => {
    const cut = await draw({ sampler: "dpm++3m", guidanceInterval: [300, 700] });
    expect(cut.every(Number.isFinite)).toBe(true);
    // The same run in calls that end elsewhere.
    const seen: number[] = [];
    const shown = await draw({
      sampler: "dpm++3m",
      guidanceInterval: [300, 700],
      onPreview: (step) => seen.push(step),
      previewEvery: 1,
    });
    expect(shown).toEqual(cut);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("autoguidance", () => {
  test("runs both models once at each step, and changes the image", async () => {
    const backend = watchedReference();
    const guided = await draw({ backend, autoguidance: weaker });
    expect(backend.scans).toEqual([{ batches: [3, 3], rows: 6 }]);
    expect(guided).not.toEqual(await draw());
    expect(guided).not.toEqual(await draw({ guidance: 1 }));
  });

  test("by the model itself is none", async () => {
    const [guided, plain] = [await draw({ autoguidance: model }), await draw({ guidance: 1 })];
    guided.forEach((value, i) => {
      expect(Math.abs(value - plain[i]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(plain[i]!)));
    });
  });

  test("needs no null label", async () => {
    await expect(draw({}, unguidable)).rejects.toThrow("classDropout above 0");
    expect((await draw({ autoguidance: unguidable }, unguidable)).every(Number.isFinite)).toBe(true);
  });

  const larger = ditConfig(undefined, { ...toyModel.dit, inputSize: [8, 8] });
  test.each<[string, ModelConfig]>([
    ["has images [1,8,8], the model [1,4,4]", { dit: larger, diffusion: diffusionDefaults }],
    ["has numClasses 5, the model 3", { ...toyModel, dit: { ...toyModel.dit, numClasses: 5 } }],
    ['has prediction "v", the model "eps"', { ...toyModel, diffusion: { ...diffusionDefaults, prediction: "v" } }],
    [
      'has schedule "cosine", the model "linear"',
      { ...toyModel, diffusion: { ...diffusionDefaults, schedule: "cosine" } },
    ],
  ])("by a model that %s is refused", async (message, config) => {
    const attempt = draw({ autoguidance: lively(config, 1) });
    await expect(attempt).rejects.toThrow(ConfigError);
    await expect(attempt).rejects.toThrow(`the guiding model ${message}`);
  });
});

describe("rescaled guidance", () => {
  test("of share 0 is guidance, and of another one changes the image", async () => {
    expect(await draw({ guidanceRescale: 0 })).toEqual(await draw());
    expect(await draw({ guidanceRescale: 0.7 })).not.toEqual(await draw());
  });
});

describe("previews", () => {
  test("show the image that the network sees, after so many steps and at the end, and change nothing", async () => {
    const seen: [number, readonly number[]][] = [];
    let last: ArrayLike<number> = [];
    const shown = await draw({
      previewEvery: 4,
      onPreview: (step, { shape, data }) => {
        seen.push([step, shape]);
        last = data;
      },
    });
    expect(seen).toEqual([
      [4, [3, 1, 4, 4]],
      [6, [3, 1, 4, 4]],
    ]);
    expect(shown).toEqual(await draw());
    // The last step of DDIM ends at the image that the network sees.
    expect(Float32Array.from(last)).toEqual(shown);
  });

  test("count steps, not calls of the network", async () => {
    const steps: [number, number][] = [];
    await draw({ sampler: "heun", onStep: (step, of) => steps.push([step, of]), onPreview: () => {}, previewEvery: 2 });
    expect(steps).toEqual([
      [2, 6],
      [4, 6],
      [6, 6],
    ]);
  });
});

test.each<[Partial<SampleOptions>, string]>([
  [{ eta: 0.5, sampler: "euler" }, "eta is 0.5, but only ddim has it; euler does not"],
  [{ eta: 2 }, "eta is 2; it must lie between 0 and 1"],
  [{ guidanceRescale: -1 }, "guidanceRescale is -1; it must lie between 0 and 1"],
  [{ guidanceInterval: [700, 300] }, "guidanceInterval is [700,300]; its first timestep must not lie above its last"],
  [{ guidance: 1, guidanceInterval: [0, 500] }, "guidanceInterval is given, but guidance 1 is none"],
  [{ guidance: 1, guidanceRescale: 0.5 }, "guidanceRescale is given, but guidance 1 is none"],
  [{ guidance: 1, autoguidance: model }, "autoguidance is given, but guidance 1 is none"],
  [
    { sampler: "huen" as never },
    "there is no sampler huen of a diffusion model; did you mean heun? (samplers: ddim, ddpm, euler, heun,",
  ],
  [{ spacing: "laeding" as never }, "there is no spacing laeding; did you mean leading?"],
])("%j is refused", async (changes, message) => {
  await expect(draw(changes)).rejects.toThrow(ConfigError);
  await expect(draw(changes)).rejects.toThrow(message);
});
