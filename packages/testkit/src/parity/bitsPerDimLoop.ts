import { type Backend, f32, type HostTensor, i32, type Process, trace } from "@dit/core";
import { bitsPerDimGraph, priorBitsPerDim } from "@dit/core/internal";
import { chainOf, compareKnown, type Subject } from "./diffusionOps";
import { evaluate, firstRows, type Results, repeated } from "./evaluate";
import type { Values } from "./fixture";

/** The whole variational bound over a short chain, of images and predictions clamped to [-1, 1]. */
export async function bitsPerDimLoop(subject: Subject): Promise<void> {
  const { fixture, backend, config, params } = subject;
  if (!fixture.has("bpd_loop.vb")) return;
  const y = fixture.i32("input.y");
  const images = fixture.f32("input.x0");
  const x0 = { ...images, data: images.data.map((x) => Math.min(1, Math.max(-1, x))) };
  const count = y.shape[0]!;
  const chain = chainOf(config, String(fixture.setting("loop_steps")));
  const feeds = Array.from({ length: chain.steps }, (_, k) => ({
    ...params,
    ...{ x0, y, step: repeated(chain.steps - 1 - k, count) },
    noise: firstRows(fixture.f32(`loop.noise.${k}`), count),
  }));
  const steps = await evaluate(backend, bitsPerDimGraph(config, chain, count, { clip: true }), ...feeds);
  const column = (name: string): Values => ({
    shape: [count, chain.steps],
    data: Array.from({ length: count }, (_, n) => steps.map((step) => step[name]!.data[n]!)).flat(),
  });
  const prior = await priorOf(backend, chain, x0);
  const total = Array.from(prior.data, (bits, n) => steps.reduce((sum, step) => sum + step.bits!.data[n]!, bits));
  const results: Results = {
    total_bpd: { shape: [count], data: total },
    prior_bpd: prior,
    vb: column("bits"),
    xstart_mse: column("imageError"),
    mse: column("noiseError"),
  };
  compareKnown(subject, "bpd_loop", results, () => "bpd_loop.*");
}

/** What the end of the chain costs. */
export async function priorOf(backend: Backend, chain: Process, x0: HostTensor<"f32">): Promise<Values> {
  const graph = trace("prior bits per dimension", { x0: f32(x0.shape), step: i32([x0.shape[0]!]) }, ({ x0, step }) => ({
    bits: priorBitsPerDim(chain, x0, step),
  }));
  const [result] = await evaluate(backend, graph, { x0, step: repeated(chain.steps - 1, x0.shape[0]!) });
  return result!.bits!;
}
