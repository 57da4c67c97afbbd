import { type Backend, bindParams, f32, paramTypes, sigmoid, trace } from "@dit/core";
import { prefixed } from "@dit/core/internal";
import {
  type AutoencoderTinyConfig,
  decodeTiny,
  encodeTiny,
  fromDiffusersConfig,
  scaleLatents,
  unscaleLatents,
  vaeSpec,
} from "@dit/vae";
import { formulaParameters } from "../formula";
import { compareShapes, compareStored } from "./autoencoder";
import type { Findings } from "./check";
import { evaluate } from "./evaluate";
import type { Fixture } from "./fixture";

/** The tiny autoencoder: its names, its folder, both directions, and how its latents become a picture. */
export async function autoencoderTiny(fixture: Fixture, backend: Backend, findings: Findings): Promise<void> {
  const json = fixture.setting<Readonly<Record<string, unknown>>>("config");
  const config = fromDiffusersConfig(json) as AutoencoderTinyConfig;
  const spec = vaeSpec(config);
  const weights = formulaParameters(spec, fixture.setting<string>("salt"));
  compareShapes(fixture, findings, spec);
  await compareStored(fixture, findings, weights);
  const [x, z] = [fixture.f32("input.x"), fixture.f32("input.z")];
  const signature = { params: paramTypes(spec).all, x: f32(x.shape), z: f32(z.shape) };
  const graph = trace("tiny", signature, ({ params, x, z }) => {
    const bound = bindParams(spec, params) as Parameters<typeof encodeTiny>[0] & Parameters<typeof decodeTiny>[0];
    return {
      encode: encodeTiny(bound, x, config),
      decode: decodeTiny(bound, z, config),
      // The inputs that the fixture says it was run on.
      scale_latents: scaleLatents(z.mul(4), config),
      unscale_latents: unscaleLatents(sigmoid(z), config),
    };
  });
  const [results] = await evaluate(backend, graph, { ...prefixed("params", weights), x, z });
  for (const [name, values] of Object.entries(results!)) findings.compare(name, name, values);
}
