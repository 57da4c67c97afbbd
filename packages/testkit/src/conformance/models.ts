import {
  bindParams,
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
  type Weights,
} from "@dit/core";
import { isFixed, paramsOf } from "@dit/core/internal";
import { expect } from "vitest";
import { formulaInput, formulaInts, formulaParameter } from "../formula";
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
const tiny: Model = { config: { dit: config, diffusion: diffusionDefaults }, weights: formulaWeights() };

/** A whole DiT: its forward pass and sampling, against the reference. */
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

  check("sampling leaves no tensor behind", async (backend) => {
    expect(backend.memory().liveTensors).toBe(0);
  });
}

function formulaWeights(): Weights {
  return Object.fromEntries(
    Object.entries(paramsOf(ditSpec(config))).map(([name, param]) => [
      name,
      isFixed(param) && param.init.kind === "fixed"
        ? { dtype: "f32", shape: param.shape, data: param.init.values() }
        : formulaParameter(name, param.shape),
    ]),
  );
}
