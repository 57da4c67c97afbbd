import {
  type Backend,
  dit,
  ditSpec,
  f32,
  type HostTensor,
  hostZeros,
  i32,
  type Process,
  trace,
  traceScan,
} from "@dit/core";
import {
  bindParams,
  epsFromX0,
  meanFlat,
  paramTypes,
  priorBitsPerDim,
  qSample,
  timestepOf,
  variationalBound,
} from "@dit/core/internal";
import { chainOf, compareKnown, type Subject } from "./diffusionOps";
import { evaluate, evaluateScan, firstRows, type Results, repeated, stacked } from "./evaluate";
import type { Values } from "./fixture";

/** The whole variational bound over a short chain, of images and predictions clamped to [-1, 1]. */
export async function bitsPerDimLoop(subject: Subject): Promise<void> {
  const { fixture, backend, config, params } = subject;
  if (!fixture.has("bpd_loop.vb")) return;
  const { dit: architecture, diffusion } = config;
  const y = fixture.i32("input.y");
  const x0 = fixture.f32("input.x0");
  const clamped = { ...x0, data: x0.data.map((x) => Math.min(1, Math.max(-1, x))) };
  const count = y.shape[0]!;
  const chain = chainOf(config, String(fixture.setting("loop_steps")));
  const spec = ditSpec(architecture);
  const signature = {
    constants: { params: paramTypes(spec).all, x0: f32(x0.shape), y: i32([count]) },
    carry: { bits: f32([count]) },
    xs: { noise: f32(x0.shape), step: i32([count]) },
  };
  const scan = traceScan(
    "bits per dimension",
    signature,
    ({ constants: { params, x0, y }, carry, xs: { noise, step } }) => {
      const xt = qSample(chain, x0, step, noise);
      const output = dit(bindParams(spec, params), xt, timestepOf(chain, step).cast("f32"), y, architecture);
      const { bits, x0: predicted } = variationalBound(chain, diffusion, output, x0, xt, step, { clip: true });
      const eps = epsFromX0(chain, predicted, xt, step);
      const squared = { xstart_mse: predicted.sub(x0), mse: eps.sub(noise) };
      return {
        carry: { bits: carry.bits.add(bits) },
        ys: { vb: bits, xstart_mse: meanFlat(squared.xstart_mse.square()), mse: meanFlat(squared.mse.square()) },
      };
    },
  );
  const visited = (k: number) => repeated(chain.steps - 1 - k, count);
  const { carry, ys } = await evaluateScan(backend, scan, {
    constants: { ...params, x0: clamped, y },
    carry: { bits: hostZeros("f32", [count]) },
    xs: {
      noise: stacked(chain.steps, (k) => firstRows(fixture.f32(`loop.noise.${k}`), count)),
      step: stacked(chain.steps, visited),
    },
  });
  const prior = await priorOf(backend, chain, clamped);
  const total = Array.from(carry.bits!.data, (bits, n) => bits + prior.data[n]!);
  const columns = Object.fromEntries(Object.entries(ys).map(([name, values]) => [name, transposed(values)]));
  const results: Results = { total_bpd: { shape: [count], data: total }, prior_bpd: prior, ...columns };
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

/** [K, N] -> [N, K] */
function transposed({ shape, data }: Values): Values {
  const [k, n] = shape as [number, number];
  return { shape: [n, k], data: Array.from({ length: n * k }, (_, i) => data[(i % k) * n + Math.floor(i / k)]!) };
}
