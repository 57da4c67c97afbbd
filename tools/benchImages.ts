/**
 * How fast convolutions run on onnxruntime, against its own matrix product: three convolutions of 128 channels, forward and
 * with their gradients, and a decoder as Stable Diffusion's. Protocol as `bench.ts`.
 *
 *   npm run bench:images -- [--threads 2] [--rounds 7] [--only forward|gradients|decode]
 */
import { parseArgs } from "node:util";
import { ort } from "@dit/backend-ort";
import {
  bindParams,
  conv2d,
  conv2dSpec,
  type Feeds,
  f32,
  type Graph,
  type HostTensor,
  hostF32,
  initialize,
  normal,
  paramTypes,
  trace,
  valueAndGrad,
} from "@dit/core";
import { disposeAll, productsOf } from "@dit/core/internal";
import { decoderGraph, klConfig, vaeSpec } from "@dit/vae";
import { type Candidate, measure, median, roofOf } from "./bench/againstRoof";
import { chosen } from "./bench/chosen";

const { values: flags } = parseArgs({
  options: {
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "7" },
    only: { type: "string" },
  },
});
const candidates = { forward, gradients, decode };
const makes = flags.only === undefined ? Object.values(candidates) : [chosen("only", flags.only, candidates)];

const backend = await ort({ provider: "cpu", threads: Number(flags.threads) });
const roof = await roofOf(backend);
const rows = [];
for (const make of makes) rows.push(await measure(await make(), roof, Number(flags.rounds)));
await backend.dispose();

console.table(
  rows.map(({ name, ratio, gflops, roof: top, roofSpread, isVoid }) => ({
    name,
    "of the roof": `${(100 * ratio).toFixed(1)}%${isVoid ? " (void)" : ""}`,
    "GFLOP/s": median(gflops).toFixed(1),
    "roof GFLOP/s": median(top).toFixed(1),
    "roof varies by": `${(100 * roofSpread).toFixed(1)}%`,
  })),
);
console.log(JSON.stringify(rows));

/** Kernels bound, as a server has them. */
async function forward(): Promise<Candidate> {
  const spec = stack();
  const signature = { params: paramTypes(spec).all, x: f32([4, 128, 64, 64]) };
  const graph = trace("stack", signature, ({ params, x }) => {
    const p = bindParams(spec, params);
    const convolved = conv2d(p.c, conv2d(p.b, conv2d(p.a, x, { padding: 1 }), { padding: 1 }), { padding: 1 });
    return { y: convolved.slice(2, 0, 1) };
  });
  return timed("3x3 convolutions, [4, 128, 64, 64]", graph, prefixed(initialize(spec, 0)), 2 * productsOf(graph));
}

/** Kernels given, as a train step has them; counted as three forward passes. */
async function gradients(): Promise<Candidate> {
  const spec = stack();
  const signature = { params: paramTypes(spec).all, x: f32([8, 128, 32, 32]) };
  const loss = (params: Parameters<typeof bindParams>[1], x: Parameters<typeof conv2d>[1]) => {
    const p = bindParams(spec, params);
    return conv2d(p.c, conv2d(p.b, conv2d(p.a, x, { padding: 1 }), { padding: 1 }), { padding: 1 })
      .square()
      .mean();
  };
  const once = trace("once", signature, ({ params, x }) => ({ loss: loss(params, x) }));
  const graph = trace("gradients", signature, ({ params, x }) => {
    const { value, gradients } = valueAndGrad(({ params, x }) => ({ loss: loss(params, x) }), { params, x });
    return { ...value, ...Object.fromEntries(Object.entries(gradients.params).map(([name, g]) => [name, g.sum()])) };
  });
  return timed(
    "the same with gradients, [8, 128, 32, 32]",
    graph,
    {},
    3 * 2 * productsOf(once),
    prefixed(initialize(spec, 0)),
  );
}

/** A latent of 32 x 32 to an image of 256 x 256. */
async function decode(): Promise<Candidate> {
  const config = klConfig();
  const graph = decoderGraph(config, 1, [32, 32]);
  const known = new Set(graph.inputs.map(({ name }) => name));
  const weights = prefixed(initialize(vaeSpec(config), 0));
  const bound = Object.fromEntries(Object.entries(weights).filter(([name]) => known.has(name)));
  return timed("Stable Diffusion's decoder, 256 x 256", graph, bound, 2 * productsOf(graph));
}

function stack() {
  return { a: conv2dSpec(128, 128, 3), b: conv2dSpec(128, 128, 3), c: conv2dSpec(128, 128, 3) };
}

function prefixed(weights: Readonly<Record<string, HostTensor>>): Record<string, HostTensor> {
  return Object.fromEntries(Object.entries(weights).map(([name, value]) => [`params.${name}`, value]));
}

/** @param given inputs beside the one that is drawn here */
async function timed(
  name: string,
  graph: Graph,
  constants: Readonly<Record<string, HostTensor>>,
  flops: number,
  given: Feeds = {},
): Promise<Candidate> {
  const executable = await backend.compile(graph, { constants });
  const drawn = graph.inputs.filter(({ name }) => !(name in constants) && !(name in given));
  const feeds = Object.fromEntries(
    drawn.map(({ name, tensor: { shape } }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, hostF32(shape, normal({ seed: 0, stream: name, step: 0, sample: 0 }, size))];
    }),
  );
  return { name, flops, run: async () => disposeAll(await executable.run({ ...feeds, ...given })) };
}
