import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Backend, type HostTensor, hostF32, hostI32, type Model, samplerFromDiffusers } from "@dit/core";
import { firstCarry, imageScan, prefixed, rowFeeds, type SchedulerConfig, settingsFrom } from "@dit/core/internal";
import { loadModel } from "@dit/core/node";
import { decode, type Vae } from "@dit/vae";
import { loadVae } from "@dit/vae/node";
import type { Findings } from "./check";
import { evaluateScan } from "./evaluate";
import type { Fixture, Values } from "./fixture";

/** A whole pipeline of diffusers: transformer, scheduler and autoencoder of its folder, from noise to pixels. */
export async function diffusersPipeline(fixture: Fixture, backend: Backend, findings: Findings): Promise<void> {
  const { folder } = fixture;
  const [model, vae] = [await loadModel(folder), await loadVae(folder)];
  const saved = JSON.parse(readFileSync(join(folder, "scheduler", "scheduler_config.json"), "utf8")) as SchedulerConfig;
  for (const name of fixture.names) {
    const [, solver, guidance] = /^images\.(dpmsolver\.)?guidance([\d.]+)$/.exec(name) ?? [];
    if (guidance === undefined) continue;
    const scheduler = solver === undefined ? saved : dpmSolverOf(saved);
    const latents = await drawn(fixture, backend, model, scheduler, Number(guidance));
    findings.compare("images.*", name, await pictures(backend, vae, latents));
  }
}

/**
 * The DPM-Solver that diffusers makes of a DDIM scheduler's configuration: it takes over what was set there, but not what
 * was left at DDIM's default, and of those defaults the spacing is the one that its own differs from.
 */
function dpmSolverOf(ddim: SchedulerConfig): SchedulerConfig {
  const { timestep_spacing: spacing, ...rest } = ddim;
  const taken = spacing === "leading" ? {} : { timestep_spacing: spacing };
  return { ...rest, ...taken, _class_name: "DPMSolverMultistepScheduler" };
}

/** The pipeline's loop over its scheduler's steps; it guides all channels, and not at all where the scale is 1. */
async function drawn(
  fixture: Fixture,
  backend: Backend,
  { config, weights }: Model,
  scheduler: SchedulerConfig,
  guidance: number,
): Promise<HostTensor<"f32">> {
  const start = fixture.f32("latents");
  const labels = fixture.setting<readonly number[]>("class_labels");
  const { table, clip } = samplerFromDiffusers(scheduler, fixture.setting<number>("steps"));
  const settings = settingsFrom(config, { guidance, guidanceChannels: "all", clip });
  const { carry } = await evaluateScan(backend, imageScan(config, settings, table, labels.length), {
    constants: {
      ...prefixed("params", weights),
      y: hostI32([labels.length], labels),
      guidance: hostF32([], [guidance]),
    },
    carry: firstCarry(table, start),
    xs: rowFeeds(table),
  });
  return hostF32(carry.x!.shape, carry.x!.data);
}

/** [N, 3, H, W] in [-1, 1] as the pipeline hands it out: [N, H, W, 3] in [0, 1]. */
async function pictures(backend: Backend, vae: Vae, latents: HostTensor<"f32">): Promise<Values> {
  const { shape, data } = await decode(vae, latents, { backend });
  const [n, channels, height, width] = shape as [number, number, number, number];
  const area = height * width;
  const out = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [plane, place] = [Math.floor(i / area), i % area];
    const to = (Math.floor(plane / channels) * area + place) * channels + (plane % channels);
    out[to] = Math.min(1, Math.max(0, data[i]! / 2 + 0.5));
  }
  return { shape: [n, height, width, channels], data: out };
}
