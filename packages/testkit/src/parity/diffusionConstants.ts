import type { Backend } from "@dit/core";
import { type Process, process } from "@dit/core";
import { betasOf } from "@dit/core/internal";
import type { Findings } from "./check";
import type { Fixture } from "./fixture";

/** Official names of schedules where ours differ. */
const ourSchedules: Readonly<Record<string, string>> = {
  squaredcos_cap_v2: "cosine",
  quad: "quadratic",
  const: "constant",
};

const ourArrays: Readonly<Record<string, (process: Process) => ArrayLike<number>>> = {
  timesteps: (p) => p.timesteps,
  betas: (p) => p.betas,
  alphas_cumprod: (p) => p.alphasCumprod,
  alphas_cumprod_prev: (p) => p.alphasCumprodPrev,
  alphas_cumprod_next: (p) => p.alphasCumprodNext,
  sqrt_alphas_cumprod: (p) => p.sqrtAlphasCumprod,
  sqrt_one_minus_alphas_cumprod: (p) => p.sqrtOneMinusAlphasCumprod,
  log_one_minus_alphas_cumprod: (p) => p.logOneMinusAlphasCumprod,
  sqrt_recip_alphas_cumprod: (p) => p.sqrtRecipAlphasCumprod,
  sqrt_recipm1_alphas_cumprod: (p) => p.sqrtRecipm1AlphasCumprod,
  posterior_variance: (p) => p.posteriorVariance,
  // It takes the second step's value for the first; the official code leaves it empty where there is no second.
  posterior_log_variance_clipped: (p) => (p.steps > 1 ? p.posteriorLogVarianceClipped : []),
  posterior_mean_coef1: (p) => p.posteriorMeanCoef1,
  posterior_mean_coef2: (p) => p.posteriorMeanCoef2,
};

/** The tables of every schedule, whole and shortened, which the host computes in float64; and the specs that must fail. */
export async function diffusionConstants(fixture: Fixture, _backend: Backend, findings: Findings): Promise<void> {
  const steps = fixture.setting<number>("num_timesteps");
  for (const name of fixture.names) {
    const match = /^(?:(deprecated)\.)?(\w+)(?:\.respaced\[(.*)\])?\.(\w+)$/.exec(name);
    if (match === null) continue;
    const [, deprecated, official, respacing, array] = match;
    const schedule = ourSchedules[official!] ?? official!;
    const group = deprecated ?? (respacing === undefined ? official! : `${official}.respaced`);
    const isRaw = array === "raw_betas" || deprecated !== undefined;
    const ours = isRaw ? betasOf(schedule, steps) : ourArrays[array!]?.(process(schedule, steps, respacing));
    if (ours !== undefined) findings.compare(`${group}.*`, name, { shape: [ours.length], data: ours });
  }
  for (const failing of Object.keys(fixture.setting<object>("errors"))) {
    const [official, respacing] = failing.split(/\/(.*)/s) as [string, string];
    const isRefused = throws(() => process(ourSchedules[official] ?? official, steps, respacing));
    findings.note("specs that must fail", { limit: 0, unit: "accepted" }, isRefused ? 0 : 1, failing);
  }
}

function throws(action: () => void): boolean {
  try {
    action();
    return false;
  } catch {
    return true;
  }
}
