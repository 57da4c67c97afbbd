import {
  type DiffusionConfig,
  dit,
  ditSpec,
  type F32,
  f32,
  hostF32,
  type I32,
  i32,
  type ModelConfig,
  type Process,
  reference,
  trace,
} from "@dit/core";
import {
  bindParams,
  columnsOf,
  ddim,
  ddimReverse,
  ddpm,
  discretizedGaussianLogLikelihood,
  type Gaussian,
  levelsOf,
  paramTypes,
  pMeanVariance,
  prefixed,
  qMeanVariance,
  qPosterior,
  qSample,
  type SamplerTable,
  samplerStep,
  timestepOf,
  trainingLosses,
  variationalBound,
} from "@dit/core/internal";
import { chainOf, compareKnown, type Subject } from "./diffusionOps";
import { evaluate, type Results, repeated } from "./evaluate";
import { likelyMiss } from "./float32Tail";

/** One step at each of the fixture's timesteps: the distributions, the samplers, the losses. */
export async function singleSteps(subject: Subject): Promise<void> {
  const { fixture, backend, config, params } = subject;
  const [x0, xt, noise] = [fixture.f32("input.x0"), fixture.f32("input.x_t"), fixture.f32("input.noise")];
  const y = fixture.i32("input.y");
  const etas = fixture.names.flatMap((name) => /^t\d+\.ddim_eta([\d.]+)$/.exec(name)?.[1] ?? []);
  const chain = chainOf(config);
  const levels = levelsOf(chain);
  const tables: Record<string, SamplerTable> = {
    p_sample: ddpm(levels, config.diffusion),
    ...Object.fromEntries(etas.map((eta) => [`ddim_eta${eta}`, ddim(levels, config.diffusion, { eta: Number(eta) })])),
    ddim_reverse: ddimReverse(levels, config.diffusion),
  };
  const timesteps = fixture.setting<readonly number[]>("timesteps");
  const feeds = timesteps.map((t) => ({
    ...params,
    ...{ x0, xt, noise, y, step: repeated(t, y.shape[0]!) },
    ...prefixed("rows", rowsAt(t, tables)),
  }));
  const graph = stepGraph(config, chain, y.shape[0]!, tables);
  const results = await evaluate(backend, graph, ...feeds);
  const atZero = feeds.filter((_, i) => timesteps[i] === 0);
  const [exact] = atZero.length === 0 ? [] : await evaluate(reference(), graph, ...atZero);
  timesteps.forEach((t, i) => {
    const missOf = (result: string) => (t === 0 ? missAtZero(exact!, result) : 0);
    compareKnown(subject, `t${t}`, results[i]!, (result) => `t*.${familyOf(result)}`, missOf);
  });
}

/** What float32 is likely to miss of a variational term at t = 0. */
function missAtZero(exact: Results, result: string): number {
  const bound = /^(?:vb_terms_bpd(_clipped)?|training\.(?:vb|loss))$/.exec(result);
  if (bound === null) return 0;
  const [, clipped = ""] = bound;
  const results = { bits: exact[`vb_terms_bpd${clipped}`]!, logLikelihood: exact[`likelihood${clipped}`]! };
  return Math.max(...Array.from(results.bits.data, (_, n) => likelyMiss(results, n)));
}

/** Results that belong together are reported together. */
function familyOf(result: string): string {
  const family = /^(q_posterior_|q_(?!sample)|p\.|p_clipped\.|ddim_eta|training\.)/.exec(result);
  return family === null ? result : `${family[1]}*`;
}

function rowsAt(t: number, tables: Readonly<Record<string, SamplerTable>>) {
  return Object.fromEntries(
    Object.entries(tables).flatMap(([name, table]) => {
      const row = table.rows.find(({ timestep }) => timestep === t)!;
      return columnsOf(table).map((column) => [`${name}.${column}`, hostF32([], [row[column]])] as const);
    }),
  );
}

/** Its outputs have the names that the fixture gives them. */
function stepGraph(
  { dit: architecture, diffusion }: ModelConfig<DiffusionConfig>,
  chain: Process,
  batch: number,
  tables: Readonly<Record<string, SamplerTable>>,
) {
  const spec = ditSpec(architecture);
  const image = f32([batch, architecture.inChannels, ...architecture.inputSize]);
  const signature = {
    params: paramTypes(spec).all,
    ...{ x0: image, xt: image, noise: image, y: i32([batch]), step: i32([batch]) },
    rows: Object.fromEntries(
      Object.entries(tables).map(([name, table]) => [
        name,
        Object.fromEntries(columnsOf(table).map((column) => [column, f32([])])),
      ]),
    ),
  };
  return trace("single step", signature, ({ params, x0, xt, noise, y, step, rows }) => {
    const network = (x: F32, t: I32) => dit(bindParams(spec, params), x, t.cast("f32"), y, architecture);
    const output = network(xt, timestepOf(chain, step));
    const { x0: predicted, ...p } = pMeanVariance(chain, diffusion, output, xt, step);
    const clipped = pMeanVariance(chain, diffusion, output, xt, step, { clip: true });
    const drawn = Object.entries(tables).map(([name, { learnedVariance }]) => {
      const options = { clip: false, learnedVariance, variance: diffusion.variance };
      return [name, samplerStep(rows[name]!, { x: xt }, () => output, noise, options).state.x];
    });
    const noised = qSample(chain, x0, step, noise);
    // Where the fixtures clamp x0, their noisy image is still made of the one that is not.
    const prediction = network(noised, timestepOf(chain, step));
    const bits = (x0: F32, clip: boolean) =>
      variationalBound(chain, diffusion, prediction, x0, noised, step, { clip }).bits;
    const likelihood = (x0: F32, clip: boolean) => {
      const { mean, logVariance } = pMeanVariance(chain, diffusion, prediction, noised, step, { clip });
      return discretizedGaussianLogLikelihood(x0, mean, logVariance.mul(0.5));
    };
    return {
      q_sample: noised,
      ...named("q_", qMeanVariance(chain, x0, step), image.shape),
      ...named("q_posterior_", qPosterior(chain, x0, xt, step), image.shape),
      p: { ...named("", p, image.shape), pred_xstart: predicted },
      p_clipped: { ...named("", clipped, image.shape), pred_xstart: clipped.x0 },
      ...Object.fromEntries(drawn),
      training: trainingLosses(chain, diffusion, network, { x0, noise, step }),
      vb_terms_bpd: bits(x0, false),
      vb_terms_bpd_clipped: bits(x0.clamp(-1, 1), true),
      likelihood: likelihood(x0, false),
      likelihood_clipped: likelihood(x0.clamp(-1, 1), true),
    };
  });
}

/** A Gaussian's parts under their official names, as large as the images. */
export function named(
  prefix: string,
  { mean, variance, logVariance }: Gaussian,
  shape: readonly number[],
): Record<string, F32> {
  return {
    [`${prefix}mean`]: mean,
    [`${prefix}variance`]: variance.broadcastTo(shape),
    [`${prefix}log_variance`]: logVariance.broadcastTo(shape),
  };
}
