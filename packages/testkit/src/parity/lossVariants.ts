import { type DiffusionConfig, type Process, reference, variances } from "@dit/core";
import { priorOf } from "./bitsPerDimLoop";
import { toleranceOf } from "./check";
import { chainOf, type Subject } from "./diffusionOps";
import type { Results } from "./evaluate";
import type { Values } from "./fixture";
import { isBoundDoubtful, likelyMiss } from "./float32Tail";
import { noisedLosses } from "./noisedLosses";

/** Prefixes of the tensors that other settings of the official factory give, and the settings. */
const settings: Readonly<Record<string, Partial<DiffusionConfig>>> = {
  "mixed_t.training": {},
  use_kl: { loss: "rescaledKl" },
  predict_xstart: { prediction: "x0" },
  fixed_large: { variance: "fixedLarge" },
  fixed_small: { variance: "fixedSmall" },
};

/** The losses of every setting, on a batch of different timesteps. */
export async function lossVariants(subject: Subject): Promise<void> {
  const { fixture, backend, findings, config } = subject;
  const chain = chainOf(config);
  const steps = mixedSteps(subject, chain);
  for (const [prefix, change] of Object.entries(settings)) {
    if (!fixture.names.some((name) => name.startsWith(`${prefix}.`))) continue;
    const diffusion = { ...config.diffusion, ...change };
    const [results] = await noisedLosses(subject, chain, diffusion, [steps]);
    const [exact] = await noisedLosses({ ...subject, backend: reference() }, chain, diffusion, [steps]);
    const samples = steps.map((step) => ({ step, exact: exact! }));
    compare(subject, prefix, results!, samples);
  }
  if (fixture.has("prior_bpd")) {
    findings.compare("prior_bpd", "prior_bpd", await priorOf(backend, chain, fixture.f32("input.x0")));
  }
  if (fixture.has("rescaled_respaced.mse")) await respaced(subject);
}

/** The fixtures do not say which timesteps they mixed, but `fixed_large` holds each sample's own variance. */
function mixedSteps({ fixture }: Subject, chain: Process): number[] {
  const count = fixture.stored("input.y").shape[0]!;
  const name = "fixed_large.log_variance";
  if (!fixture.has(name)) return Array.from({ length: count }, (_, i) => [0, 640][i % 2]!);
  const { data } = fixture.stored(name);
  const table = variances.fixedLarge(chain).low;
  return Array.from({ length: count }, (_, i) => nearest(table, data[(i * data.length) / count]!));
}

/**
 * Which steps of the short chain were taken is not said either, nor whether it is as long as that of the loops or, as
 * the README has it, of 10 steps. For each sample it is the step whose `mse` fits best, in the chain where these fit
 * best together; at step 0 it is the same in both, which the bound, scaled by the length, tells apart.
 */
async function respaced(subject: Subject): Promise<void> {
  const { fixture, config } = subject;
  const stored = fixture.stored("rescaled_respaced.mse").data;
  const bounds = fixture.has("rescaled_respaced.vb") ? fixture.stored("rescaled_respaced.vb").data : undefined;
  const diffusion: DiffusionConfig = { ...config.diffusion, loss: "rescaledMse" };
  const chains: { readonly taken: readonly (Sample & { readonly results: Results })[]; readonly misfit: number }[] = [];
  for (const length of new Set([fixture.setting<number>("loop_steps"), 10])) {
    const chain = chainOf(config, String(length));
    const steps = Array.from({ length }, (_, step) => new Array<number>(stored.length).fill(step));
    const [exact] = await noisedLosses({ ...subject, backend: reference() }, chain, diffusion, [steps[0]!]);
    const each = await noisedLosses(subject, chain, diffusion, steps);
    const samples = each.map((results, step) => ({ step, results, exact: exact! }));
    const taken = Array.from(stored, (mse, n) => {
      const fits = samples.map(({ results }) => results.mse!.data[n]!);
      return samples[nearest(fits, mse)]!;
    });
    const misfits = taken.map(({ results: { mse, vb } }, n) => {
      const ofBound = bounds === undefined || vb === undefined ? 0 : misfit(vb.data[n]!, bounds[n]!);
      return misfit(mse!.data[n]!, stored[n]!) + ofBound;
    });
    chains.push({ taken, misfit: misfits.reduce((sum, x) => sum + x) });
  }
  const { taken } = chains.reduce((best, chain) => (chain.misfit < best.misfit ? chain : best));
  const pick = (name: string): Values => ({
    shape: [stored.length],
    data: taken.map(({ results }, n) => results[name]!.data[n]!),
  });
  const names = Object.keys(taken[0]!.results).filter((name) => ["mse", "vb", "loss"].includes(name));
  compare(subject, "rescaled_respaced", Object.fromEntries(names.map((name) => [name, pick(name)])), taken);
}

/** What is known of one sample of a batch. */
interface Sample {
  readonly step: number;
  /** If that is 0: a batch in which the sample is at step 0, by the reference backend. */
  readonly exact: Results;
}

function compare({ fixture, findings }: Subject, prefix: string, ours: Results, samples: readonly Sample[]): void {
  for (const [result, values] of Object.entries(ours)) {
    const name = `${prefix}.${result}`;
    if (!fixture.has(name)) continue;
    const hasBound = result === "vb" || (result === "loss" && ("vb" in ours || !("mse" in ours)));
    const { limit } = toleranceOf(fixture.kind, name);
    const isLoose = hasBound && samples.some(({ step, exact }, n) => step === 0 && isBoundDoubtful(exact, n, limit));
    if (!isLoose) {
      findings.compare(`${prefix}.*`, name, values);
      continue;
    }
    const missed = samples.map(({ step, exact }, n) => (step === 0 ? likelyMiss(exact, n) : 0));
    findings.compare(`${prefix}.*`, name, values, {
      as: `t0.training.${result}`,
      likelyMiss: Math.max(...missed),
    });
  }
}

function misfit(ours: number, stored: number): number {
  return Math.abs(ours - stored) / Math.max(Math.abs(stored), Number.MIN_VALUE);
}

function nearest(values: ArrayLike<number>, value: number): number {
  const distances = Array.from(values, (x) => Math.abs(x - value));
  return distances.indexOf(Math.min(...distances));
}
