import {
  type Backend,
  bindParams,
  type DiffusionConfig,
  dit,
  ditSpec,
  type F32,
  f32,
  hostI32,
  type I32,
  i32,
  type ModelConfig,
  nullLabel,
  paramTypes,
  process,
  trace,
  valueAndGrad,
  type Weights,
} from "@dit/core";
import { diffusionBatchType, prefixed, qSample, splitFixed, trainingLosses } from "@dit/core/internal";
import type { Findings } from "./check";
import { evaluate, repeated } from "./evaluate";
import type { Fixture } from "./fixture";
import { guideBothHalves, modelOf, networkGraph, weightsOf } from "./network";

/** A small DiT: its weights, the network with its activations, guidance, the losses and every gradient. */
export async function ditParity(fixture: Fixture, backend: Backend, findings: Findings): Promise<void> {
  const config = modelOf(fixture);
  const weights = weightsOf(config.dit, fixture);
  for (const [name, value] of Object.entries(weights)) {
    if (fixture.has(`weights.${name}`)) findings.compare("weights.*", `weights.${name}`, value);
  }
  await network(config, weights, fixture, backend, findings);
  await guided(config, weights, fixture, backend, findings);
  await losses(config, weights, fixture, backend, findings);
}

async function network({ dit }: ModelConfig, weights: Weights, fixture: Fixture, backend: Backend, findings: Findings) {
  const [x, t, y] = [fixture.f32("input.x"), fixture.f32("input.t"), fixture.i32("input.y")];
  const modules = fixture.names.flatMap((name) => (name.startsWith("act.") ? [name.slice("act.".length)] : []));
  const graph = networkGraph(dit, y.shape[0]!, [...new Set([...modules, "y_embedder"])]);
  const dropped = () =>
    fixture.i32("input.force_drop_ids").data.map((drop, i) => (drop === 1 ? nullLabel(dit) : y.data[i]!));
  const inputs = {
    output: () => ({ t, y }),
    output_null_label: () => ({ t, y: repeated(nullLabel(dit), y.shape[0]!) }),
    output_fractional_t: () => ({ t: fixture.f32("input.t_fractional"), y }),
    "y_embedder.force_drop": () => ({ t, y: hostI32(y.shape, dropped()) }),
  };
  const present = Object.entries(inputs).filter(([name]) => fixture.has(name));
  const feeds = present.map(([, input]) => ({ ...prefixed("params", weights), x, ...input() }));
  const results = await evaluate(backend, graph, ...feeds);
  present.forEach(([name], i) => {
    const { output, ...activations } = results[i]!;
    if (name === "y_embedder.force_drop") findings.compare("y_embedder.*", name, activations["act.y_embedder"]!);
    else findings.compare("output*", name, output!);
    if (name !== "output") return;
    for (const module of modules) findings.compare("act.*", `act.${module}`, activations[`act.${module}`]!);
  });
}

async function guided(
  { dit: config }: ModelConfig,
  weights: Weights,
  fixture: Fixture,
  backend: Backend,
  findings: Findings,
) {
  if (!fixture.has("cfg.output")) return;
  const [x, t, y] = [fixture.f32("input.x"), fixture.f32("input.t"), fixture.i32("input.y")];
  const spec = ditSpec(config);
  const signature = { params: paramTypes(spec).all, x: f32(x.shape), t: f32(t.shape), y: i32(y.shape) };
  const graph = trace("guided network", signature, ({ params, x, t, y }) => {
    const network = (xt: F32, t: F32, y: I32) => dit(bindParams(spec, params), xt, t, y, config);
    return { "cfg.output": guideBothHalves(network, x, t, y, fixture.setting("cfg_scale"), config) };
  });
  const [result] = await evaluate(backend, graph, { ...prefixed("params", weights), x, t, y });
  findings.compare("cfg.output", "cfg.output", result!["cfg.output"]!);
}

async function losses(
  config: ModelConfig<DiffusionConfig>,
  weights: Weights,
  fixture: Fixture,
  backend: Backend,
  findings: Findings,
) {
  const [x0, noise, y] = [fixture.f32("input.x0"), fixture.f32("input.noise"), fixture.i32("input.y")];
  const step = fixture.i32("input.loss_t");
  const spec = ditSpec(config.dit);
  const { trained, fixed } = paramTypes(spec);
  const signature = { params: trained, fixed, batch: diffusionBatchType(config.dit, y.shape[0]!) };
  const graph = trace("losses and gradients", signature, ({ params, fixed, batch }) => {
    const chain = process(config.diffusion.schedule, config.diffusion.timesteps);
    const { value, gradients } = valueAndGrad((params) => {
      const bound = bindParams(spec, { ...params, ...fixed });
      const predict = (xt: F32, t: I32) => dit(bound, xt, t.cast("f32"), batch.y, config.dit);
      const each = trainingLosses(chain, config.diffusion, predict, batch);
      return { loss: each.loss.mean(), each };
    }, params);
    return {
      x_t: qSample(chain, batch.x0, batch.step, batch.noise),
      loss: { ...value.each, mean: value.loss.reshape([1]) },
      grad: gradients,
    };
  });
  const split = splitFixed(config, weights);
  const [results] = await evaluate(backend, graph, {
    ...prefixed("params", split.trained),
    ...prefixed("fixed", split.fixed),
    ...prefixed("batch", { x0, noise, step, y }),
  });
  // The likelihood at the earliest steps is badly conditioned; the tolerance of losses speaks of t >= 3.
  const earliest = Math.min(...step.data);
  const isEarly = earliest < 3 && "loss.vb" in results!;
  for (const [name, value] of Object.entries(results!)) {
    if (!fixture.has(name)) continue;
    const group = name.replace(/^(loss|grad)\..*$/, "$1.*");
    findings.compare(group, name, value, {
      as: isEarly && group === "loss.*" ? `t${earliest}.${name}` : name,
    });
  }
}
