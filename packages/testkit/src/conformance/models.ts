import {
  type BitsPerDim,
  bindParams,
  bitsPerDim,
  diffusionDefaults,
  dit,
  ditConfig,
  ditSpec,
  f32,
  flowDefaults,
  hostF32,
  i32,
  type Model,
  paramTypes,
  reference,
  sample,
  trace,
} from "@dit/core";
import { formulaInput, formulaInts, formulaWeights } from "../formula";
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
  weights: formulaWeights(config),
};

const tinyFlow: Model = { ...tiny, config: { dit: config, diffusion: { ...flowDefaults, path: "gvp" } } };

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

  for (const sampler of ["heun2", "dopri5", "sdeEuler", "sdeHeun"] as const) {
    check(`a flow drawn by ${sampler}, guided`, async (backend) => {
      const settings = { classes: [1, 4], steps: 6, sampler, guidance: 2, seed: 3 };
      const { images } = await sample(tinyFlow, { ...settings, backend });
      const expected = await sample(tinyFlow, { ...settings, backend: reference() });
      // The steps that dopri5 takes follow from their errors, which are rounded; its tolerance is a thousandth.
      expectClose({ images }, { images: expected.images }, sampler === "dopri5" ? 1e-3 : 100 * tolerance);
    });
  }

  check("bits per dimension", async (backend) => {
    const images = { ...inputs.x, data: inputs.x.data.map((x) => x / 2) };
    const options = { classes: [0, 3, 4], steps: 5, seed: 1 };
    const [bits, expected] = await Promise.all(
      [backend, reference()].map((each) => bitsPerDim(tiny, images, each, options)),
    );
    const total = ({ total }: BitsPerDim) => ({ total: hostF32([3], total) });
    expectClose(total(bits!), total(expected!), 100 * tolerance);
  });
}
