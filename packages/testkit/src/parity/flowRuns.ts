import {
  bindParams,
  dit,
  ditSpec,
  type F32,
  f32,
  flowSamplerDefaults,
  type HostTensor,
  hostF32,
  hostZeros,
  type I32,
  i32,
  paramTypes,
  type Scan,
  type Shape,
  trace,
} from "@dit/core";
import {
  type Derivative,
  disposeAll,
  dopri5,
  firstCarry,
  flowOde,
  flowSde,
  isNoisy,
  type LastStep,
  type Network,
  type OdeMethod,
  odeMethods,
  prefixed,
  rowFeeds,
  type SamplerTable,
  samplerScan,
} from "@dit/core/internal";
import { evaluateScan, stacked } from "./evaluate";
import type { Values } from "./fixture";
import { type FlowSubject, ourForms } from "./flow";
import { guideBothHalves } from "./network";

const odeName = /^ode\.([a-z]+\d*)(_cfg)?$/;
const sdeName = /^sde\.(Euler|Heun)\.([A-Za-z-]+)\.(Mean|Tweedie|Euler|None)$/;

/** SiT's length of the last step. */
const lastStepSize = 0.04;

/** A run of fixed steps: its table, of `stages` rows a step, and rows of its own for what comes after. */
interface Run {
  readonly table: SamplerTable;
  readonly steps: number;
  readonly stages: number;
  readonly guided: boolean;
}

/** Whole sampling runs of a velocity model on the linear path, every state of them. Their names say which. */
export async function flowRuns(subject: FlowSubject): Promise<void> {
  const { fixture, findings, config } = subject;
  for (const name of fixture.names) {
    // As many states as grid points, one more than there are steps.
    const stepsOf = () => fixture.stored(name).shape[0]! - 1;
    const [, method, suffix = ""] = odeName.exec(name) ?? [];
    const [, sde, form, last] = sdeName.exec(name) ?? [];
    const guided = suffix !== "";
    if (method === "dopri5") {
      findings.compare(`ode.dopri5${suffix}`, name, await adaptive(subject, { guided }, stepsOf()));
    } else if (method !== undefined && Object.hasOwn(odeMethods, method)) {
      const steps = stepsOf();
      const table = flowOde(config.diffusion, { method: method as OdeMethod, steps });
      const run = { table, steps, stages: table.rows.length / steps, guided };
      findings.compare(`ode.*${suffix}`, name, joined([startOf(subject, run), ...(await statesOf(subject, run))]));
    } else if (sde !== undefined && Object.hasOwn(ourForms, form!)) {
      const steps = stepsOf();
      const lastStep = last!.toLowerCase() as LastStep;
      const stages = sde === "Heun" ? 2 : 1;
      const table = flowSde(config.diffusion, {
        ...{ method: stages === 2 ? "heun" : "eulerMaruyama", form: ourForms[form!]!, steps },
        ...{ lastStep, lastStepSize },
      });
      const states = await statesOf(subject, { table, steps, stages, guided: false });
      // Without a last step, the official code takes one that stays where it is.
      findings.compare("sde.*", name, joined(lastStep === "none" ? [...states, states.at(-1)!] : states));
    }
  }
}

/** The start of a run: guided ones carry both halves of the batch. */
function startOf({ fixture }: FlowSubject, { guided }: Pick<Run, "guided">): HostTensor<"f32"> {
  const z = fixture.f32("input.z");
  return guided ? hostF32([2 * z.shape[0]!, ...z.shape.slice(1)], [...z.data, ...z.data]) : z;
}

/** The state after each step of a run, and after each row that comes then. */
async function statesOf(subject: FlowSubject, run: Run): Promise<Values[]> {
  const { fixture, backend, weights } = subject;
  const { table, steps, stages } = run;
  const [start, y] = [startOf(subject, run), fixture.i32("input.y")];
  const noiseOf = (row: number) =>
    row < steps * stages ? fixture.f32(`input.noise.${Math.floor(row / stages)}`) : hostZeros("f32", start.shape);
  const { ys } = await evaluateScan(backend, runScan(subject, run, start.shape), {
    constants: { ...prefixed("params", weights), y },
    carry: firstCarry(table, start),
    xs: { ...rowFeeds(table), ...(isNoisy(table) && { noise: stacked(table.rows.length, noiseOf) }) },
  });
  const size = start.data.length;
  const ends = table.rows.map((_, row) => row).filter((row) => row >= steps * stages || (row + 1) % stages === 0);
  const all = Array.from(ys.x!.data);
  return ends.map((row) => ({ shape: start.shape, data: all.slice(row * size, (row + 1) * size) }));
}

function runScan({ fixture, config }: FlowSubject, { table, guided }: Run, image: Shape): Scan {
  const { dit: architecture } = config;
  const count = fixture.stored("input.y").shape[0]!;
  return samplerScan({
    name: "flow run",
    table,
    image,
    constants: { params: paramTypes(ditSpec(architecture)).all, y: i32([count]) },
    clip: false,
    variance: architecture.learnSigma ? "learnedRange" : "fixedLarge",
    previews: true,
    network: ({ params, y }, x, timestep) => networkOf({ fixture, config }, { guided }, params, x, timestep, y),
  });
}

/** The network at one time for all, guided in both halves or not. x: [N, C, I, J] -> [N, out, I, J] */
function networkOf(
  { fixture, config: { dit: architecture } }: Pick<FlowSubject, "fixture" | "config">,
  { guided }: Pick<Run, "guided">,
  params: Readonly<Record<string, F32>>,
  x: F32,
  time: F32,
  y: I32,
): F32 {
  const network: Network = (x, t, y) => dit(bindParams(ditSpec(architecture), params), x, t, y, architecture);
  const t = time.broadcastTo(y.shape);
  if (!guided) return network(x, t, y);
  return guideBothHalves(network, x.slice(0, 0, y.shape[0]!), t, y, fixture.setting("cfg_scale"), architecture);
}

/** dopri5 from 0 to 1 with the whole batch as one system, as the official code has it; its states at even distances. */
async function adaptive(subject: FlowSubject, run: Pick<Run, "guided">, stretches: number): Promise<Values> {
  const { fixture, backend, config, weights } = subject;
  const [{ shape, data: start }, y] = [startOf(subject, run), fixture.i32("input.y")];
  const signature = { params: paramTypes(ditSpec(config.dit)).all, x: f32(shape), t: f32([]), y: i32(y.shape) };
  const graph = trace("velocity", signature, ({ params, x, t, y }) => ({
    velocity: networkOf(subject, run, params, x, t, y).slice(1, 0, shape[1]!),
  }));
  const executable = await backend.compile(graph);
  try {
    const velocity: Derivative = async (time, x) => {
      const feeds = { ...prefixed("params", weights), x: hostF32(shape, x), t: hostF32([], [time]), y };
      const outputs = await executable.run(feeds);
      const { data } = await outputs.velocity!.read();
      disposeAll(outputs);
      return Float64Array.from(data);
    };
    const times = Array.from({ length: stretches + 1 }, (_, i) => i / stretches);
    const states = await dopri5(velocity, Float64Array.from(start), times, flowSamplerDefaults);
    return joined(states.map((data) => ({ shape, data })));
  } finally {
    await executable.dispose();
  }
}

/** States, one after the other: [K, ...] */
function joined(states: readonly Values[]): Values {
  return { shape: [states.length, ...states[0]!.shape], data: states.flatMap(({ data }) => Array.from(data)) };
}
