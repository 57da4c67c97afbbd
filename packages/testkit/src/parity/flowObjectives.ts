import {
  bindParams,
  dit,
  ditSpec,
  type F32,
  type FlowConfig,
  f32,
  type Graph,
  type HostTensor,
  hostF32,
  i32,
  paramTypes,
  trace,
  valueAndGrad,
} from "@dit/core";
import { flowLosses, flowPoints, flowPointType, onPath, prefixed, splitFixed } from "@dit/core/internal";
import { evaluate, type Results } from "./evaluate";
import type { Fixture, Values } from "./fixture";
import { type FlowSubject, ourPaths } from "./flow";

const lossName =
  /^((Linear|GVP|VP)\.(velocity|noise|score)(?:\.(velocity|likelihood))?)\.(?:loss|loss_mean|grad_norm)$/;

/** The gradients and the prediction without a prefix are of the objective whose norm is stored, or of SiT's own. */
const defaultOwner = "Linear.velocity";

/** The losses of every path, prediction and weighting in the fixture; gradients where it has them. */
export async function flowObjectives(subject: FlowSubject): Promise<void> {
  const { fixture, backend, findings, config, weights } = subject;
  const objectives = new Map<string, FlowConfig>();
  for (const name of [...fixture.names, `${defaultOwner}.loss`]) {
    const [, prefix, path, prediction, weighting] = lossName.exec(name) ?? [];
    if (prefix === undefined) continue;
    // The official code weights noise and score predictions alone.
    const weight = prediction === "velocity" ? "none" : (weighting ?? "none");
    objectives.set(prefix, { ...config.diffusion, path: ourPaths[path!], prediction, weighting: weight } as FlowConfig);
  }
  const [x0, noise, y] = [fixture.f32("input.x1"), fixture.f32("input.x0"), fixture.i32("input.y")];
  const { trained, fixed } = splitFixed(config, weights);
  const given = { ...prefixed("params", trained), ...prefixed("fixed", fixed), x0, noise, y };
  const feeds = [...objectives.values()].map((one) => ({ ...given, ...prefixed("point", pointsOf(fixture, one)) }));
  const results = await evaluate(backend, lossGraph(subject), ...feeds);

  const owner = fixture.names.find((name) => name.endsWith(".grad_norm"))?.replace(/\.grad_norm$/, "") ?? defaultOwner;
  [...objectives.keys()].forEach((prefix, i) => {
    const { loss, loss_mean, pred, ...gradients } = results[i]!;
    const norms = Object.fromEntries(Object.entries(gradients).map(([name, value]) => [name, norm([value])]));
    const named: Results = {
      [`${prefix}.loss`]: loss!,
      [`${prefix}.loss_mean`]: loss_mean!,
      [`${prefix}.grad_norm`]: norm(Object.values(gradients)),
      ...(prefix === owner && { pred: pred!, ...prefixed("gradnorm", norms) }),
    };
    for (const [name, values] of Object.entries(named)) {
      const group = name
        .replace(/^gradnorm\..*/, "gradnorm.*")
        .replace(lossName, (_, prefix: string) => `*${name.slice(prefix.length)}`);
      if (fixture.has(name)) findings.compare(group, name, values);
    }
  });
}

/** One graph for all of them: what they differ in is numbers. */
function lossGraph({ fixture, config }: FlowSubject): Graph {
  const spec = ditSpec(config.dit);
  const { trained, fixed } = paramTypes(spec);
  const image = f32(fixture.stored("input.x1").shape);
  const count = image.shape[0]!;
  const signature = {
    ...{ params: trained, fixed, x0: image, noise: image, y: i32([count]) },
    point: flowPointType(count),
  };
  return trace("flow losses and gradients", signature, ({ params, fixed, x0, noise, y, point }) => {
    const network = (params: Record<string, F32>) => (xt: F32, time: F32) =>
      dit(bindParams(spec, { ...params, ...fixed }), xt, time, y, config.dit);
    const { value, gradients } = valueAndGrad((params) => {
      const { loss } = flowLosses(point, network(params), { x0, noise });
      return { loss: loss.mean(), each: loss };
    }, params);
    const pred = network(params)(onPath(point, x0, noise), point.time).slice(1, 0, image.shape[1]!);
    return { loss: value.each, loss_mean: value.loss.reshape([1]), pred, ...gradients };
  });
}

/** The numbers of an objective at the fixture's times, as columns [N]. */
export function pointsOf(fixture: Fixture, objective: FlowConfig): Record<string, HostTensor<"f32">> {
  const times = Array.from(fixture.stored("input.t").data);
  const columns = Object.entries(flowPoints(objective, times));
  return Object.fromEntries(columns.map(([name, column]) => [name, hostF32([times.length], column)]));
}

/** The L2 norm of several tensors together, [1]. */
function norm(tensors: readonly Values[]): Values {
  const squares = tensors.map(({ data }) => Array.from(data).reduce((sum, x) => sum + x * x, 0));
  return { shape: [1], data: [Math.sqrt(squares.reduce((sum, x) => sum + x))] };
}
