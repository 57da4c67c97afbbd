import { ort } from "@dit/backend-ort";
import {
  type Backend,
  bindParams,
  diffusionDefaults,
  dit,
  ditConfig,
  ditSpec,
  f32,
  hostF32,
  hostI32,
  hostTensor,
  i32,
  type ModelConfig,
  normal,
  paramTypes,
  reference,
  trace,
  valueAndGrad,
} from "@dit/core";
import { paramsOf } from "@dit/core/internal";
import { describe, expect, test } from "vitest";
import { formulaParameter } from "./formula";

/** Models of real size, whose every block has values that matter: formula weights, no zeros. */
describe.each(["DiT-S/8", "DiT-S/4", "DiT-B/8"])("%s", (preset) => {
  const config: ModelConfig = { dit: ditConfig(preset), diffusion: diffusionDefaults };
  const spec = ditSpec(config.dit);
  const weights = Object.fromEntries(
    Object.entries(paramsOf(spec)).map(([name, { shape, init }]) => [
      name,
      init.kind === "fixed" ? hostTensor("f32", shape, init.values()) : formulaParameter(name, shape),
    ]),
  );
  const x = hostTensor("f32", [1, 4, 32, 32], normal({ seed: 1, stream: "x", step: 0, sample: 0 }, 4096));
  const feeds = { ...weights, x, t: hostF32([1], [37]), y: hostI32([1], [7]) };
  const signature = { params: paramTypes(spec).all, x: f32([1, 4, 32, 32]), t: f32([1]), y: i32([1]) };
  const graph = trace(preset, signature, ({ params, x, t, y }) => {
    const { value, gradients } = valueAndGrad((p: typeof params) => {
      const output = dit(bindParams(spec, p), x, t, y, config.dit);
      return { loss: output.square().mean(), output };
    }, params);
    return { ...value, gradient: gradients["blocks.3.attn.qkv.weight"]! };
  });

  test("puts out what the reference does, and so do its gradients", async () => {
    const [expected, actual] = [await run(reference()), await run(await ort())];
    for (const name of ["output", "gradient"]) {
      const wanted = expected[name]!;
      const largest = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const worst = wanted.reduce((most, v, i) => Math.max(most, Math.abs(v - actual[name]![i]!)), 0);
      expect(worst / largest).toBeLessThan(1e-4);
    }
  });

  async function run(backend: Backend): Promise<Record<string, Float32Array>> {
    const executable = await backend.compile(graph);
    const named = Object.entries(feeds).map(([name, value]) => [name in weights ? `params.${name}` : name, value]);
    const outputs = await executable.run(Object.fromEntries(named));
    const read = Object.entries(outputs).map(async ([name, value]) => [name, (await value.read()).data] as const);
    const values = Object.fromEntries(await Promise.all(read)) as Record<string, Float32Array>;
    await backend.dispose();
    return values;
  }
});
