import {
  type DiffusionConfig,
  dit,
  ditSpec,
  type F32,
  f32,
  hostI32,
  type I32,
  i32,
  type Process,
  trace,
} from "@dit/core";
import {
  bindParams,
  discretizedGaussianLogLikelihood,
  paramTypes,
  pMeanVariance,
  qSample,
  timestepOf,
  trainingLosses,
  variationalBound,
} from "@dit/core/internal";
import type { Subject } from "./diffusionOps";
import { evaluate, type Results } from "./evaluate";
import { named } from "./singleSteps";

/**
 * For each of `steps`, which has a step for every sample: the training losses, p(x_{t-1} | x_t) of the fixture's x_t,
 * and what `isBoundDoubtful` needs.
 */
export function noisedLosses(
  { fixture, backend, config, params }: Subject,
  chain: Process,
  diffusion: DiffusionConfig,
  steps: readonly (readonly number[])[],
): Promise<Results[]> {
  const { dit: architecture } = config;
  const [x0, xt, noise] = [fixture.f32("input.x0"), fixture.f32("input.x_t"), fixture.f32("input.noise")];
  const y = fixture.i32("input.y");
  const spec = ditSpec(architecture);
  const image = f32(x0.shape);
  const signature = {
    params: paramTypes(spec).all,
    ...{ x0: image, xt: image, noise: image, y: i32(y.shape), step: i32(y.shape) },
  };
  const graph = trace("noised losses", signature, ({ params, x0, xt, noise, y, step }) => {
    // Where the variance is fixed, the official code is handed the first half of the network's channels.
    const channels = diffusion.variance === "learnedRange" ? undefined : architecture.inChannels;
    const network = (x: F32, t: I32) => {
      const output = dit(bindParams(spec, params), x, t.cast("f32"), y, architecture);
      return channels === undefined ? output : output.slice(1, 0, channels);
    };
    const noised = qSample(chain, x0, step, noise);
    const output = network(noised, timestepOf(chain, step));
    const model = pMeanVariance(chain, diffusion, output, noised, step);
    return {
      ...trainingLosses(chain, diffusion, network, { x0, noise, step }),
      ...named("", pMeanVariance(chain, diffusion, network(xt, timestepOf(chain, step)), xt, step), image.shape),
      bits: variationalBound(chain, diffusion, output, x0, noised, step).bits,
      logLikelihood: discretizedGaussianLogLikelihood(x0, model.mean, model.logVariance.mul(0.5)),
    };
  });
  const feeds = steps.map((step) => ({ ...params, x0, xt, noise, y, step: hostI32(y.shape, step) }));
  return evaluate(backend, graph, ...feeds);
}
