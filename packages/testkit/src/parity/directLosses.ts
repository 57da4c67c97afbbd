import { type DiffusionConfig, type F32, f32, i32, reference, trace, valueAndGrad } from "@dit/core";
import { discretizedGaussianLogLikelihood, losses, pMeanVariance, qSample } from "@dit/core/internal";
import { toleranceOf } from "./check";
import { chainOf, compareKnown, type Subject } from "./diffusionOps";
import { evaluate, repeated } from "./evaluate";
import { withoutTail } from "./float32Tail";

const settings: Readonly<Record<string, Partial<DiffusionConfig>>> = {
  hybrid: {},
  kl: { loss: "rescaledKl" },
  xstart: { prediction: "x0" },
};

/** Losses of an output that no network made, and their gradients with respect to it. */
export async function directLosses(subject: Subject): Promise<void> {
  const { fixture, backend, config } = subject;
  if (!fixture.has("input.model_output")) return;
  const [x0, noise, output] = [fixture.f32("input.x0"), fixture.f32("input.noise"), fixture.f32("input.model_output")];
  const batch = x0.shape[0]!;
  const chain = chainOf(config);
  const signature = { x0: f32(x0.shape), noise: f32(x0.shape), output: f32(output.shape), step: i32([batch]) };
  const graph = trace("direct losses", signature, ({ x0, noise, output, step }) => {
    const xt = qSample(chain, x0, step, noise);
    const each = (diffusion: DiffusionConfig) => {
      const { value, gradients } = valueAndGrad(
        ({ output }: { output: F32 }) => {
          const each = losses(chain, diffusion, output, xt, { x0, noise, step });
          return { loss: each.loss.mean(), each };
        },
        { output },
      );
      const model = pMeanVariance(chain, diffusion, output, xt, step);
      const logLikelihood = discretizedGaussianLogLikelihood(x0, model.mean, model.logVariance.mul(0.5));
      return { ...value.each, grad: gradients.output, logLikelihood };
    };
    return Object.fromEntries(
      Object.entries(settings).map(([name, change]) => [name, each({ ...config.diffusion, ...change })]),
    );
  });
  const timesteps = fixture.setting<readonly number[]>("timesteps");
  const feeds = timesteps.map((t) => ({ x0, noise, output, step: repeated(t, batch) }));
  const results = await evaluate(backend, graph, ...feeds);
  const name = "direct.t0.xstart.grad";
  if (fixture.has(name)) {
    const [{ "xstart.logLikelihood": logLikelihood } = {}] = await evaluate(
      reference(),
      graph,
      feeds[timesteps.indexOf(0)]!,
    );
    const first = results[timesteps.indexOf(0)]!;
    const { limit } = toleranceOf(fixture.kind, name);
    const grad = withoutTail(first["xstart.grad"]!, fixture.stored(name), logLikelihood!, limit);
    results[timesteps.indexOf(0)] = { ...first, "xstart.grad": grad };
  }
  timesteps.forEach((t, i) => {
    compareKnown(subject, `direct.t${t}`, results[i]!, (result) => `direct.t*.${result}`);
  });
}
