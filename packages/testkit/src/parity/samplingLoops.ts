import { dit, ditSpec, hostF32, i32, type Scan } from "@dit/core";
import {
  bindParams,
  ddim,
  ddpm,
  firstCarry,
  isNoisy,
  levelsOf,
  type Network,
  paramTypes,
  rowFeeds,
  type SamplerTable,
  samplerScan,
} from "@dit/core/internal";
import { chainOf, type Subject } from "./diffusionOps";
import { evaluateScan, firstRows, stacked } from "./evaluate";
import { guideBothHalves } from "./network";

/** A sampling run, as its tensors' names describe it. */
interface Loop {
  readonly prefix: string;
  readonly sampler: "ddpm" | "ddim";
  readonly mode: "cfg" | "nocfg" | "clipped";
  readonly respacing: string;
  readonly eta: number;
}

const loopName =
  /^(loop\.(ddpm|ddim)_(cfg|nocfg|clipped)(?:\.(respaced|ddim_stride))?(?:\.eta(\d+(?:\.\d+)?))?)\.(?:steps|sample)$/;

/** Whole runs over a short chain, guided and not, from given noise. */
export async function samplingLoops(subject: Subject): Promise<void> {
  const { fixture, findings, config } = subject;
  const steps = fixture.setting<number>("loop_steps");
  const respacings: Readonly<Record<string, string>> = { respaced: `${steps}`, ddim_stride: `ddim${steps}` };
  for (const [kind, respacing] of Object.entries(respacings)) {
    const name = `loop.${kind}.timesteps`;
    if (!fixture.has(name)) continue; // not every count of steps has a stride
    const { timesteps } = chainOf(config, respacing);
    findings.compare("loop.*.timesteps", name, { shape: [timesteps.length], data: timesteps });
  }
  const loops = new Map<string, Loop>();
  for (const name of fixture.names) {
    const [, prefix, sampler, mode, kind, eta] = loopName.exec(name) ?? [];
    if (prefix === undefined) continue;
    loops.set(prefix, {
      prefix,
      sampler,
      mode,
      respacing: respacings[kind ?? "respaced"],
      eta: Number(eta ?? 0),
    } as Loop);
  }
  for (const loop of loops.values()) await runLoop(subject, loop);
}

async function runLoop(subject: Subject, { prefix, sampler, mode, respacing, eta }: Loop): Promise<void> {
  const { fixture, backend, findings, config, params } = subject;
  const [z, y] = [fixture.f32("loop.z"), fixture.i32("input.y")];
  const chain = chainOf(config, respacing);
  const table =
    sampler === "ddpm" ? ddpm(levelsOf(chain), config.diffusion) : ddim(levelsOf(chain), config.diffusion, { eta });
  // Guided runs carry both halves of the batch, each with noise of its own.
  const start = mode === "cfg" ? hostF32([2 * z.shape[0]!, ...z.shape.slice(1)], [...z.data, ...z.data]) : z;
  const noise = stacked(chain.steps, (k) => firstRows(fixture.f32(`loop.noise.${k}`), start.shape[0]!));
  const { carry, ys } = await evaluateScan(backend, loopScan(subject, table, mode), {
    constants: { ...params, y },
    carry: firstCarry(table, start),
    xs: { ...rowFeeds(table), ...(isNoisy(table) && { noise }) },
  });
  const group = `loop.${sampler}_*`;
  if (fixture.has(`${prefix}.steps`)) findings.compare(group, `${prefix}.steps`, ys.x!);
  if (fixture.has(`${prefix}.sample`)) findings.compare(group, `${prefix}.sample`, firstRows(carry.x!, z.shape[0]!));
}

/** Every state is also an output, so that every step can be compared. */
function loopScan({ fixture, config }: Subject, table: SamplerTable, mode: Loop["mode"]): Scan {
  const { dit: architecture, diffusion } = config;
  const spec = ditSpec(architecture);
  const [count, ...image] = fixture.stored("loop.z").shape as [number, ...number[]];
  return samplerScan({
    name: "sampling loop",
    table,
    image: [mode === "cfg" ? 2 * count : count, ...image],
    constants: { params: paramTypes(spec).all, y: i32([count]) },
    clip: mode === "clipped",
    variance: diffusion.variance,
    previews: true,
    network: ({ params, y }, x, timestep) => {
      const network: Network = (x, t, y) => dit(bindParams(spec, params), x, t, y, architecture);
      const t = timestep.broadcastTo([count]);
      if (mode !== "cfg") return network(x, t, y);
      return guideBothHalves(network, x.slice(0, 0, count), t, y, fixture.setting("cfg_scale"), architecture);
    },
  });
}
