import { beforeAll, describe, expect, test } from "vitest";
import { ditSpec } from "../define/dit/dit";
import { initialize } from "../define/initialize";
import type { Model } from "../define/model";
import { ConfigError } from "../ir/errors";
import type { HostTensor } from "../ir/hostTensor";
import type { Backend } from "./backend";
import { reference } from "./reference/reference";
import { createSampler, type SampleOptions, sample } from "./sample";
import { toyModel } from "./toyModel";

const size = 16;
const model: Model = { config: toyModel, weights: livelyWeights() };

async function draw(changes: Partial<SampleOptions> = {}, of = model) {
  const backend = reference();
  const { images, settings } = await sample(of, {
    backend,
    classes: [0, 1, 2],
    steps: 4,
    seed: 5,
    guidance: 2,
    ...changes,
  });
  expect(backend.memory().liveTensors).toBe(0);
  return {
    settings,
    images: Array.from({ length: images.shape[0]! }, (_, i) => images.data.slice(i * size, (i + 1) * size)),
  };
}

let three: Float32Array[];
beforeAll(async () => {
  three = (await draw()).images;
});

describe("an image", () => {
  test("is one of as many as there are classes, finite, and unlike the others", () => {
    expect(three).toHaveLength(3);
    expect(three.flatMap((image) => [...image]).every(Number.isFinite)).toBe(true);
    expect(three[0]).not.toEqual(three[1]);
  });

  test.each(["ddim", "ddpm"] as const)("does not depend on how many are drawn at once (%s)", async (sampler) => {
    const together = (await draw({ sampler })).images;
    expect((await draw({ sampler, classes: [0] })).images[0]).toEqual(together[0]);
    expect((await draw({ sampler, classes: [0, 1] })).images[1]).toEqual(together[1]);
    expect((await draw({ sampler, classes: [1, 2], firstSample: 1 })).images).toEqual(together.slice(1));
  });

  test("follows from its seed and class", async () => {
    expect((await draw()).images).toEqual(three);
    expect((await draw({ seed: 6 })).images[0]).not.toEqual(three[0]);
    expect((await draw({ classes: [1, 1, 2] })).images[0]).not.toEqual(three[0]);
  });

  test("is made with noise along the way by ddpm, and by ddim as eta says", async () => {
    const [plain, noisy, ancestral] = [await draw(), await draw({ eta: 1 }), await draw({ sampler: "ddpm" })];
    expect(noisy.images[0]).not.toEqual(plain.images[0]);
    expect(ancestral.images[0]).not.toEqual(plain.images[0]);
  });

  test("takes fresh noise at every step, also beyond the first call's", async () => {
    const backend = reference();
    const noises: string[] = [];
    const watching: Backend = {
      ...backend,
      compileScan: async (scan, options) => {
        const executable = await backend.compileScan(scan, options);
        return {
          ...executable,
          run: (feeds) => {
            const { data, shape } = feeds.xs.noise as HostTensor;
            for (let i = 0; i < shape[0]!; i++) noises.push(data.slice(i * 3 * size, (i + 1) * 3 * size).join());
            return executable.run(feeds);
          },
        };
      },
    };
    await draw({ backend: watching, sampler: "ddpm", steps: 23 });
    expect(new Set(noises).size).toBe(23);
  });

  test("stays in [-1, 1] where each step is clamped", async () => {
    const { images } = await draw({ clip: true });
    expect(Math.max(...images.flatMap((image) => [...image].map(Math.abs)))).toBeLessThanOrEqual(1);
  });

  test("is the same from a sampler that is used again", async () => {
    const backend = reference();
    const sampler = await createSampler(toyModel, backend, 3, { steps: 4, guidance: 2 });
    for (let i = 0; i < 2; i++) {
      const { images } = await sampler.run(model.weights, [0, 1, 2], { seed: 5 });
      expect(images.data).toEqual(Float32Array.from(three.flatMap((image) => [...image])));
    }
    await expect(sampler.run(model.weights, [0], {})).rejects.toThrow("draws 3 images at a time, got 1 classes");
    await sampler.dispose();
    expect(backend.memory().liveTensors).toBe(0);
  });
});

describe("guidance", () => {
  const withoutNullLabel: Model = {
    config: { ...toyModel, dit: { ...toyModel.dit, classDropout: 0 } },
    weights: { ...model.weights, "y_embedder.embedding_table.weight": withoutLastRow() },
  };

  test("of 1 is that of a model that has no null label", async () => {
    expect((await draw({ guidance: 1 })).images).toEqual((await draw({ guidance: 1 }, withoutNullLabel)).images);
  });

  test("of nearly 1 is nearly that of 1, so that its two forward passes agree with the one", async () => {
    const [one, near] = [await draw({ guidance: 1 }), await draw({ guidance: 1 + 1e-7 })];
    near.images.forEach((image, n) => {
      image.forEach((value, i) => {
        expect(value).toBeCloseTo(one.images[n]![i]!, 4);
      });
    });
  });

  test("changes the image", async () => {
    expect((await draw({ guidance: 4 })).images[0]).not.toEqual(three[0]);
  });

  test("needs a model with a null label", async () => {
    await expect(draw({ guidance: 2 }, withoutNullLabel)).rejects.toThrow(ConfigError);
    await expect(draw({ guidance: 2 }, withoutNullLabel)).rejects.toThrow("classDropout above 0");
  });
});

describe("sampling", () => {
  test("reports each call's steps and says what remakes the images", async () => {
    const seen: [number, number][] = [];
    const { settings } = await draw({ steps: 23, onStep: (step, steps) => seen.push([step, steps]) });
    expect(seen).toEqual([
      [10, 23],
      [20, 23],
      [23, 23],
    ]);
    expect(settings).toMatchObject({
      sampler: "ddim",
      steps: 23,
      guidance: 2,
      seed: 5,
      classes: [0, 1, 2],
      clip: false,
    });
  });

  const aborted = async (backend: Backend) => {
    const controller = new AbortController();
    const attempt = draw({ backend, steps: 30, signal: controller.signal, onStep: () => controller.abort() });
    await expect(attempt).rejects.toThrow(/abort/i);
  };

  test("stops when it is told to", () => aborted(reference()));

  // Known defect: the image in the making is not freed when the signal throws.
  test("stops when it is told to, and frees what it holds", async () => {
    const backend = reference();
    await aborted(backend);
    expect(backend.memory().liveTensors).toBe(0);
  });

  test.each<[string, Partial<SampleOptions>, string]>([
    ["a class that does not exist", { classes: [0, 7, 1] }, "class 7 is out of range"],
    ["a negative class", { classes: [-1] }, "class -1 is out of range"],
    ["half a class", { classes: [0.5] }, "class 0.5 is out of range"],
    ["more steps than the chain has", { steps: 1001 }, "1001 sampling steps, but the model's chain has 1000"],
    ["no steps", { steps: 0 }, "steps is 0; it must be a whole number from 1"],
    [
      "an unknown sampler",
      { sampler: "ddmi" as never },
      "there is no sampler ddmi of a diffusion model; did you mean ddim? (samplers: ddim,",
    ],
  ])("refuses %s", async (_, changes, message) => {
    await expect(draw(changes)).rejects.toThrow(ConfigError);
    await expect(draw(changes)).rejects.toThrow(message);
  });

  test("may draw without a class, by the null label", async () => {
    expect((await draw({ classes: [3], guidance: 1 })).images[0]).not.toEqual(
      (await draw({ classes: [0], guidance: 1 })).images[0],
    );
  });
});

/** A fresh model puts out 0 whatever it is given; these weights let everything through. */
function livelyWeights(): Model["weights"] {
  return Object.fromEntries(
    Object.entries(initialize(ditSpec(toyModel.dit), 0)).map(([name, value], n) => [
      name,
      name === "pos_embed" ? value : { ...value, data: value.data.map((_, i) => 0.4 * Math.sin(12.9 * i + n)) },
    ]),
  );
}

function withoutLastRow() {
  const { data, shape, dtype } = model.weights["y_embedder.embedding_table.weight"]!;
  return { dtype, shape: [shape[0]! - 1, shape[1]!], data: data.slice(0, -shape[1]!) };
}
