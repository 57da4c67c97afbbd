import { diffusionForms, f32, flowPredictions, type PathPoint, trace } from "@dit/core";
import { flowPointType, flowTarget, ofVelocity, onPath, pathAt, prefixed, scoreFactor } from "@dit/core/internal";
import { formulaInput } from "../formula";
import { evaluate } from "./evaluate";
import type { Values } from "./fixture";
import { type FlowSubject, ourForms, ourPaths } from "./flow";
import { pointsOf } from "./flowObjectives";

/** Each path at the fixture's times: the noised image and its velocity, the conversions, the coefficients of the SDE. */
export async function flowConversions(subject: FlowSubject): Promise<void> {
  for (const official of Object.keys(ourPaths)) {
    if (!subject.fixture.names.some((name) => name.startsWith(`${official}.`))) continue;
    await noised(subject, official);
    conversions(subject, official);
  }
}

/** x_t and dx_t/dt as training makes them: in a graph, from numbers of the host. */
async function noised({ fixture, backend, findings, config }: FlowSubject, official: string): Promise<void> {
  const [x0, noise] = [fixture.f32("input.x1"), fixture.f32("input.x0")];
  const signature = { x0: f32(x0.shape), noise: f32(x0.shape), point: flowPointType(x0.shape[0]!) };
  const graph = trace("on the path", signature, ({ x0, noise, point }) => ({
    xt: onPath(point, x0, noise),
    ut: flowTarget(point, x0, noise),
  }));
  const objective = { ...config.diffusion, path: ourPaths[official]! };
  const [results] = await evaluate(backend, graph, { x0, noise, ...prefixed("point", pointsOf(fixture, objective)) });
  for (const [result, values] of Object.entries(results!)) {
    const name = `${official}.${result}`;
    if (fixture.has(name)) findings.compare(`*.${result}`, name, values);
  }
}

/** The numbers that sampling tables are made of, applied to the stored x_t and to the formula input that stands for a prediction. */
function conversions({ fixture, findings }: FlowSubject, official: string): void {
  const points = Array.from(fixture.stored("input.t").data, (time) => pathAt(ourPaths[official]!, time));
  const { shape } = fixture.stored("input.x1");
  const size = shape.slice(1).reduce((product, n) => product * n, 1);
  const given = formulaInput("flow.v", shape, fixture.setting<string>("salt")).data;
  const combined = (at: (point: PathPoint) => { readonly fromX: number; readonly from: number }) => (): Values => {
    const xt = fixture.stored(`${official}.xt`).data;
    const each = points.map(at);
    const data = Array.from(given, (v, i) => {
      const { fromX, from } = each[Math.floor(i / size)]!;
      return fromX * xt[i]! + from * v;
    });
    return { shape, data };
  };
  const column = (at: (point: PathPoint) => number, shape: readonly number[]) => (): Values => ({
    shape,
    data: points.slice(0, shape[0]).map(at),
  });
  const results: Record<string, () => Values> = {
    score_from_velocity: combined(ofVelocity.score),
    noise_from_velocity: combined(ofVelocity.noise),
    velocity_from_score: combined(flowPredictions.score.velocity),
    // The official drift is that of the diffusion, which runs from data to noise.
    drift_mean: combined((point) => ({ fromX: -flowPredictions.score.velocity(point).fromX, from: 0 })),
    drift_var: column(scoreFactor, [points.length, 1, 1, 1]),
  };
  for (const [form, ours] of Object.entries(ourForms)) {
    // A constant is one number there, whatever the batch.
    results[`diffusion.${form}`] = column(diffusionForms[ours], [form === "constant" ? 1 : points.length]);
  }
  for (const [result, values] of Object.entries(results)) {
    const name = `${official}.${result}`;
    if (fixture.has(name)) findings.compare(`*.${result.replace(/^(diffusion)\..*/, "$1.*")}`, name, values());
  }
}
