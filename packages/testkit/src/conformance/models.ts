import {
  bindParams,
  type Dataset,
  diffusionDefaults,
  dit,
  ditConfig,
  ditSpec,
  f32,
  i32,
  type Model,
  paramTypes,
  reference,
  sample,
  trace,
  train,
} from "@dit/core";
import { expect } from "vitest";
import { formulaInput, formulaInts, formulaParameters } from "../formula";
import { expectClose, expectedOf, runOn } from "./runs";
import type { Suite } from "./suite";

const config = ditConfig(undefined, {
  inputSize: [8, 8],
  inChannels: 2,
  hiddenSize: 32,
  depth: 2,
  heads: 4,
  numClasses: 5,
});
const tiny: Model = {
  config: { dit: config, diffusion: diffusionDefaults },
  weights: formulaParameters(ditSpec(config)),
};

const data: Dataset = {
  imageShape: [2, 8, 8],
  classNames: ["a", "b", "c", "d", "e"],
  size: 12,
  flip: true,
  label: (index) => index % 5,
  read: (index, out, offset) =>
    out.set(
      formulaInput(`image ${index}`, [2, 8, 8]).data.map((x) => x / 2),
      offset,
    ),
};

/** A whole DiT: its forward pass, sampling and training, against the reference. */
export function testModels({ check, tolerance }: Suite): void {
  const image = f32([3, 2, 8, 8]);
  const signature = { params: paramTypes(ditSpec(config)).all, x: image, t: f32([3]), y: i32([3]) };
  const forward = trace("forward", signature, ({ params, x, t, y }) => ({
    output: dit(bindParams(ditSpec(config), params), x, t, y, config),
  }));
  const inputs = {
    x: formulaInput("x", [3, 2, 8, 8]),
    t: { ...formulaInput("t", [3]), data: Float32Array.of(0, 17, 999) },
    y: formulaInts("y", [3], 6),
  };
  const params = Object.fromEntries(Object.entries(tiny.weights).map(([name, value]) => [`params.${name}`, value]));

  check("the forward pass of a DiT", async (backend) => {
    const feeds = { ...params, ...inputs };
    expectClose(await runOn(backend, forward, feeds), await expectedOf(forward, feeds), 10 * tolerance);
  });

  check("the forward pass of a DiT with its weights bound at compile", async (backend) => {
    const expected = await expectedOf(forward, { ...params, ...inputs });
    expectClose(await runOn(backend, forward, inputs, params), expected, 10 * tolerance);
  });

  for (const sampler of ["ddim", "ddpm"] as const) {
    check(`six guided ${sampler} steps`, async (backend) => {
      const settings = { classes: [1, 4], steps: 6, sampler, guidance: 2, seed: 3, clip: true };
      const { images } = await sample(tiny, { ...settings, backend });
      const expected = await sample(tiny, { ...settings, backend: reference() });
      expectClose({ images }, { images: expected.images }, 100 * tolerance);
    });
  }

  check("the losses of twenty training steps", async (backend) => {
    const { losses, final } = await lossCurve(backend);
    const expected = await lossCurve(reference());
    expect(losses).toHaveLength(20);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss / expected.losses[i]! - 1), `loss of step ${i + 1}`).toBeLessThan(1e-4);
    });
    const names = Object.keys(final).filter((name) => !name.endsWith("qkv.bias"));
    for (const name of names) expectClose({ [name]: final[name]! }, { [name]: expected.final[name]! }, 0.01);
  });

  check("training, sampling and validation leave no tensor behind", async (backend) => {
    expect(backend.memory().liveTensors).toBe(0);
  });
}

async function lossCurve(backend: Parameters<typeof sample>[1]["backend"]) {
  const losses: number[] = [];
  const { state } = await train({
    model: tiny.config,
    data,
    backend,
    steps: 20,
    batchSize: 4,
    learningRate: 1e-3,
    gradientClip: 1,
    emaDecay: 0.9,
    stepsPerCall: 6,
    validation: { data, batchSize: 4, batches: 1 },
    onMetrics: ({ loss }) => losses.push(loss),
  });
  return { losses, final: state.ema };
}
