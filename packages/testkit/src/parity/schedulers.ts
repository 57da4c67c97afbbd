import { type Backend, ConfigError, concat, type F32, hostZeros, samplerFromDiffusers } from "@dit/core";
import {
  type DiffusersSampler,
  firstCarry,
  isNoisy,
  rowFeeds,
  type SchedulerConfig,
  type StepOptions,
  samplerScan,
} from "@dit/core/internal";
import { absolute, type Findings } from "./check";
import { evaluateScan, stacked } from "./evaluate";
import type { Fixture } from "./fixture";

interface Scheduler {
  readonly scheduler: string;
  readonly config: SchedulerConfig;
  readonly step_kwargs: StepOptions;
  readonly noises_drawn: number;
}

/** Runs of diffusers' schedulers on a network that is a formula: timesteps, sigmas and every state on the way. */
export async function schedulers(fixture: Fixture, backend: Backend, findings: Findings): Promise<void> {
  const steps = fixture.setting<number>("steps");
  // Inputs, and nothing to be checked: there may be more draws than any of the schedulers makes.
  for (const name of fixture.names) if (/^noise\.\d+$/.test(name)) fixture.stored(name);
  for (const [name, described] of Object.entries(fixture.setting<Record<string, Scheduler>>("schedulers"))) {
    const group = described.scheduler;
    try {
      const config = { ...described.config, _class_name: described.scheduler };
      const sampler = samplerFromDiffusers(config, steps, described.step_kwargs);
      compareNumbers(fixture, findings, group, `${name}.timesteps`, sampler.timesteps);
      if (fixture.has(`${name}.sigmas`))
        compareNumbers(fixture, findings, group, `${name}.sigmas`, sampler.sigmas ?? []);
      await compareRun(fixture, backend, findings, name, described, sampler);
    } catch (error) {
      // A configuration that is refused falls short by itself; the others are still looked at.
      if (!(error instanceof ConfigError)) throw error;
      findings.note(`${group} refused`, absolute(0), Number.POSITIVE_INFINITY, `${name}: ${error.message}`);
    }
  }
}

function compareNumbers(fixture: Fixture, findings: Findings, group: string, name: string, data: readonly number[]) {
  const isCount = name.endsWith(".timesteps") && Array.from(fixture.stored(name).data).every(Number.isInteger);
  findings.compare(group, name, { shape: [data.length], data }, { as: isCount ? "whole timesteps" : name });
}

/** The trajectory: the start, and the state after each step. */
async function compareRun(
  fixture: Fixture,
  backend: Backend,
  findings: Findings,
  name: string,
  { scheduler, noises_drawn: drawn }: Scheduler,
  { table, ...options }: DiffusersSampler,
): Promise<void> {
  const z = fixture.f32("z");
  const scan = samplerScan({
    ...options,
    name,
    table,
    image: z.shape,
    constants: {},
    previews: true,
    network: (_, x, timestep) => (options.variance === "learnedRange" ? withValues(x, timestep) : formula(x, timestep)),
  });
  const start = firstCarry(table, z);
  const { ys } = await evaluateScan(backend, scan, {
    carry: start,
    xs: { ...rowFeeds(table), ...(isNoisy(table) && { noise: draws(fixture, table.rows, drawn) }) },
  });
  const { shape, data } = ys.x!;
  const trajectory = [...start.x!.data, ...Array.from(data)];
  findings.compare(scheduler, `${name}.trajectory`, { shape: [shape[0]! + 1, ...z.shape], data: trajectory });
}

/** The k-th row that draws takes the k-th draw. Some schedulers draw at every step, also where nothing is added. */
function draws(fixture: Fixture, rows: DiffusersSampler["table"]["rows"], count: number) {
  const zeros = hostZeros("f32", fixture.f32("z").shape);
  let drawn = 0;
  const isDrawn = (std: number) => count === rows.length || std !== 0;
  return stacked(rows.length, (i) => (isDrawn(rows[i]!.std) ? fixture.f32(`noise.${drawn++}`) : zeros));
}

function formula(x: F32, timestep: F32): F32 {
  return x.mul(0.3).add(timestep.mul(0.01).sin().mul(0.05));
}

/** With the values of a learned variance as a second half of the channels. */
function withValues(x: F32, timestep: F32): F32 {
  return concat([formula(x, timestep), x.sin().mul(0.5)], 1);
}
