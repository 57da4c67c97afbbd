import { type Backend, bindParams, type F32, f32, type Graph, paramTypes, trace } from "@dit/core";
import { nodesOf, prefixed, sizeOf } from "@dit/core/internal";
import {
  type AutoencoderKLConfig,
  decodeKL,
  decodingKLSpec,
  encodeKL,
  encodingKLSpec,
  fromDiffusersConfig,
  posteriorOf,
  vaeSpec,
} from "@dit/vae";
import { formulaParameters } from "../formula";
import { compareShapes, compareStored } from "./autoencoder";
import { Declined, type Findings } from "./check";
import { evaluate, type Results } from "./evaluate";
import type { Fixture, Values } from "./fixture";
import { moduleOutput } from "./network";

/** An AutoencoderKL of any size: its names, its folder, and both directions with the outputs of inner modules. */
export async function vae(fixture: Fixture, backend: Backend, findings: Findings): Promise<void> {
  const config = fromDiffusersConfig(fixture.setting("config")) as AutoencoderKLConfig;
  const weights = formulaParameters(vaeSpec(config), fixture.setting<string>("salt"));
  compareShapes(fixture, findings, vaeSpec(config));
  await compareStored(fixture, findings, weights);
  const [x, z, noise] = [fixture.f32("input.x"), fixture.f32("input.z"), fixture.f32("input.noise")];
  const modules = fixture.names.flatMap((name) => (name.startsWith("act.") ? [name.slice("act.".length)] : []));
  const ofSide = (side: string) => modules.filter((module) => module === side || module.startsWith(`${side}.`));

  const encoding = withModules(encodingGraph(config, x.shape, noise.shape), ofSide("encoder"));
  const decoding = withModules(decodingGraph(config, z.shape), ofSide("decoder"));
  if (backend.name === "reference") requirePossible(encoding, decoding);
  const feedsOf = (graph: Graph, inputs: object) => {
    const wanted = new Set(graph.inputs.map(({ name }) => name));
    const params = Object.entries(prefixed("params", weights)).filter(([name]) => wanted.has(name));
    return { ...Object.fromEntries(params), ...inputs };
  };
  const [encoded] = await evaluate(backend, encoding, feedsOf(encoding, { x, noise }));
  const [decoded] = await evaluate(backend, decoding, feedsOf(decoding, { z }));
  compare(fixture, findings, { ...encoded, ...decoded });
}

function encodingGraph(config: AutoencoderKLConfig, image: readonly number[], latent: readonly number[]): Graph {
  const spec = encodingKLSpec(config);
  const signature = { params: paramTypes(spec).all, x: f32(image), noise: f32(latent) };
  return trace("encode", signature, ({ params, x, noise }) => {
    const moments = encodeKL(bindParams(spec, params), x, config);
    const { mean, logVariance: logvar, std } = posteriorOf(moments);
    return { encode: { moments, mean, logvar, std, sample: mean.add(std.mul(noise)) } };
  });
}

function decodingGraph(config: AutoencoderKLConfig, latent: readonly number[]): Graph {
  const spec = decodingKLSpec(config);
  return trace("decode", { params: paramTypes(spec).all, z: f32(latent) }, ({ params, z }) => ({
    decode: { output: decodeKL(bindParams(spec, params), z, config) },
  }));
}

/** The same graph, which also puts out what the named modules do: their first channels, as many as are stored. */
function withModules(graph: Graph, modules: readonly string[]): Graph {
  const nodes = nodesOf(graph);
  const added = modules.map((module) => ({ name: `act.${module}`, tensor: moduleOutput(nodes, module) as F32 }));
  return { ...graph, outputs: [...graph.outputs, ...added] };
}

function compare(fixture: Fixture, findings: Findings, results: Results): void {
  for (const [name, values] of Object.entries(results)) {
    const channels = fixture.stored(name).shape[1]!;
    findings.compare(`${name.slice(0, name.indexOf("."))}.*`, name, firstChannels(values, channels));
  }
}

function firstChannels({ shape, data }: Values, count: number): Values {
  const [n, c, ...places] = shape as [number, number, ...number[]];
  const plane = sizeOf(places);
  const kept = new Float64Array(n * count * plane);
  for (let i = 0; i < kept.length; i++) {
    const sample = Math.floor(i / (count * plane));
    kept[i] = data[sample * c * plane + (i % (count * plane))]!;
  }
  return { shape: [n, count, ...places], data: kept };
}

/** Multiply-adds that the reference backend, at 0.25 to 1 G per second, still takes on: Stable Diffusion's at 128 x 128. */
const referenceLimit = 150e9;

function requirePossible(...graphs: readonly Graph[]): void {
  const work = graphs.flatMap(nodesOf).reduce((sum, node) => {
    if (!node.is("biasedConv2d")) return sum;
    return sum + sizeOf(node.shape) * sizeOf(node.inputs[1].shape.slice(1));
  }, 0);
  if (work <= referenceLimit) return;
  throw new Declined(
    `its convolutions take ${(work / 1e9).toFixed(1)} G multiply-adds; the reference backend stops at ${referenceLimit / 1e9} G`,
  );
}
