import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../ir/errors";
import { process } from "../../diffusion/process";
import type { SchedulerConfig } from "./fields";
import type { StepOptions } from "./sampler";
import { samplerFromDiffusers } from "./samplerFromDiffusers";

// Whole runs are compared with diffusers' own by the parity kind `schedulers`; here is what those configurations leave out.

const make = (name: string, config: SchedulerConfig = {}, steps = 10, options: StepOptions = {}) =>
  samplerFromDiffusers({ _class_name: name, ...config }, steps, options);
const chain = process("linear", 1000);

describe("DDIMScheduler", () => {
  test("goes a whole stride down, whatever the next timestep is", () => {
    const { table, timesteps } = make("DDIMScheduler", { timestep_spacing: "linspace", clip_sample: false });
    expect(timesteps.slice(0, 3)).toEqual([999, 888, 777]);
    const [from, to] = [chain.alphasCumprod[999]!, chain.alphasCumprod[899]!];
    const { fromX, fromD } = table.rows[0]!;
    expect(fromX).toBeCloseTo(Math.sqrt((1 - to) / (1 - from)), 6);
    expect(fromD + fromX * Math.sqrt(from)).toBeCloseTo(Math.sqrt(to), 6);
  });

  test("keeps the predicted noise when it clamps the image, unless it is told to derive it again", () => {
    const kept = make("DDIMScheduler", { clip_sample_range: 2 });
    expect([kept.clip, kept.clipRange]).toEqual([true, 2]);
    const again = make("DDIMScheduler", {}, 10, { use_clipped_model_output: true });
    const [alpha, sigma] = [Math.sqrt(chain.alphasCumprod[500]!), Math.sqrt(1 - chain.alphasCumprod[500]!)];
    const [nextAlpha, nextSigma] = [Math.sqrt(chain.alphasCumprod[400]!), Math.sqrt(1 - chain.alphasCumprod[400]!)];
    const next = ({ table }: typeof kept, x: number, output: number, limit: number) => {
      const row = table.rows[4]!;
      const x0 = Math.min(limit, Math.max(-limit, row.x0FromX * x + row.x0FromOutput * output));
      return row.fromX * x + row.fromD * (row.dFromX * x + row.dFromX0 * x0 + row.dFromOutput * output);
    };
    // x0 = 5 before it is clamped.
    const [eps, x] = [0.3, 5 * alpha + 0.3 * sigma];
    expect(next(kept, x, eps, 2)).toBeCloseTo(2 * nextAlpha + eps * nextSigma, 5);
    expect(next(again, x, eps, 1)).toBeCloseTo(nextAlpha + ((x - alpha) / sigma) * nextSigma, 5);
  });

  test("with a terminal SNR of 0 starts at pure noise, which a noise prediction cannot tell apart", () => {
    const config = { rescale_betas_zero_snr: true, timestep_spacing: "trailing", prediction_type: "v_prediction" };
    const [first] = make("DDIMScheduler", config).table.rows;
    expect([first!.x0FromX, first!.x0FromOutput]).toEqual([0, -1]);
    expect(() => make("DDIMScheduler", { ...config, prediction_type: "epsilon" })).toThrow(
      "rescale_betas_zero_snr leaves no image at timestep 999",
    );
  });

  test("takes betas as they are", () => {
    const trained = make("DDIMScheduler", { trained_betas: [0.1, 0.2, 0.3, 0.4] }, 2);
    expect(trained.timesteps).toEqual([2, 0]);
    expect(trained.table.rows[0]!.x0FromX).toBeCloseTo(1 / Math.sqrt(0.9 * 0.8 * 0.7), 6);
  });
});

describe("DDPMScheduler", () => {
  test("that ends above timestep 0 adds noise at its end", () => {
    const std = (spacing: string) =>
      make("DDPMScheduler", { timestep_spacing: spacing, variance_type: "fixed_large" }).table.rows.at(-1)!.std;
    expect(std("leading")).toBe(0);
    expect(std("trailing")).toBeCloseTo(Math.sqrt(1 - chain.alphasCumprod[99]!), 6);
  });
});

describe("DPMSolverMultistepScheduler", () => {
  const make2 = (config: SchedulerConfig, steps = 10) => make("DPMSolverMultistepScheduler", config, steps);

  test("leaves the noisiest levels out where lambda is clipped", () => {
    const { timesteps, sigmas } = make2({ lambda_min_clipped: -3 });
    expect(-Math.log(sigmas![0]!)).toBeGreaterThanOrEqual(-3);
    expect(timesteps[0]).toBeLessThan(999);
    expect(make2({ lambda_min_clipped: null }).timesteps[0]).toBe(999);
    expect(make2({ lambda_min_clipped: Number.NEGATIVE_INFINITY }).timesteps[0]).toBe(999);
  });

  test("spaces leading and trailing with room for its end", () => {
    expect(make2({ timestep_spacing: "leading", steps_offset: 1 }).timesteps).toEqual([
      901, 811, 721, 631, 541, 451, 361, 271, 181, 91,
    ]);
    expect(make2({ timestep_spacing: "trailing" }, 4).timesteps).toEqual([999, 749, 499, 249]);
  });

  test("goes through the levels of flow matching", () => {
    const { timesteps, sigmas, table } = make2(
      { use_flow_sigmas: true, flow_shift: 3, prediction_type: "flow_prediction", solver_order: 1 },
      4,
    );
    // sigma = 1 - 1/1000, and three steps to 0, each shifted by 3 s / (1 + 2 s).
    const expected = [4, 3, 2, 1].map((k) => (k * 0.999) / 4).map((s) => (3 * s) / (1 + 2 * s));
    expected.forEach((sigma, i) => {
      expect(sigmas![i]).toBeCloseTo(sigma, 6);
      expect(timesteps[i]).toBe(Math.floor(sigma * 1000));
    });
    // First order is the straight line x + (sigma' - sigma) v.
    const { x0FromOutput, fromX, fromD } = table.rows[1]!;
    expect(fromX + fromD).toBeCloseTo(1, 6);
    expect(fromD * x0FromOutput).toBeCloseTo(sigmas![2]! - sigmas![1]!, 6);
  });

  test("even in lambda is even in log sigma", () => {
    const { sigmas } = make2({ use_lu_lambdas: true });
    const logs = sigmas!.slice(0, -1).map(Math.log);
    for (let i = 2; i < logs.length; i++) expect(logs[i]! - logs[i - 1]!).toBeCloseTo(logs[1]! - logs[0]!, 4);
  });
});

describe("EulerDiscreteScheduler", () => {
  test("does not round the timesteps of linspace", () => {
    expect(make("EulerDiscreteScheduler", {}, 7).timesteps).toEqual([999, 832.5, 666, 499.5, 333, 166.5, 0]);
  });

  test("spaces log sigmas evenly if asked to, and stops at the least", () => {
    const { sigmas, table } = make("EulerDiscreteScheduler", { interpolation_type: "log_linear" }, 4);
    expect(sigmas).toHaveLength(6);
    expect(table.rows).toHaveLength(4);
    expect(Math.log(sigmas![1]! / sigmas![0]!)).toBeCloseTo(Math.log(sigmas![4]! / sigmas![0]!) / 4, 6);
  });

  test("adds noise before a step where churn is asked for", () => {
    const options = { s_churn: 2, s_tmin: 1, s_noise: 1.5 };
    const { table, sigmas } = make("EulerDiscreteScheduler", {}, 10, options);
    const [sigma, next] = [sigmas![2]!, sigmas![3]!];
    const raised = sigma * (1 + 2 / 10);
    const row = table.rows[2]!;
    // x + n + (next - raised) eps
    expect(row.fromX + row.fromD * row.x0FromX).toBeCloseTo(1, 6);
    expect(row.fromD * row.x0FromOutput).toBeCloseTo(next - raised, 4);
    expect(row.std).toBeCloseTo(1.5 * Math.sqrt(raised ** 2 - sigma ** 2), 4);
    expect(table.rows.at(-1)!.std).toBe(0);
  });
});

describe("FlowMatchEulerDiscreteScheduler", () => {
  const flow = (config: SchedulerConfig, options: StepOptions = {}) =>
    make("FlowMatchEulerDiscreteScheduler", config, 4, options);

  test("shifts by the image's size where told its mu", () => {
    const { sigmas } = flow({ use_dynamic_shifting: true }, { mu: 0.5 });
    const even = [1, 0.667, 0.334, 0.001];
    even.forEach((s, i) => {
      expect(sigmas![i]).toBeCloseTo(Math.exp(0.5) / (Math.exp(0.5) + 1 / s - 1), 6);
    });
    expect(() => flow({ use_dynamic_shifting: true })).toThrow("needs the step option mu");
  });

  test("stretches to a terminal sigma, turns sigmas round, and may draw", () => {
    expect(flow({ shift_terminal: 0.1 }).sigmas!.slice(-2)).toEqual([Math.fround(0.1), 0]);
    expect(flow({ invert_sigmas: true }).sigmas).toEqual([0, 0.333, 0.666, 0.999, 1].map(Math.fround));
    const { table, sigmas } = flow({ stochastic_sampling: true });
    expect(table.rows.map(({ std }) => std)).toEqual(sigmas!.slice(1));
    expect(table.rows.map(({ fromD }) => fromD)).toEqual(sigmas!.slice(1).map((sigma) => 1 - sigma));
  });
});

test.each<[string, SchedulerConfig, StepOptions, string]>([
  ["DDIMScheduler", { thresholding: true }, {}, "DDIMScheduler: thresholding is true, which is not supported"],
  [
    "DDIMScheduler",
    { beta_schedule: "laplace" },
    {},
    'beta_schedule is "laplace", which is not supported (supported: linear',
  ],
  ["DDIMScheduler", { beta_start: "0" }, {}, 'beta_start is "0", expected a number'],
  [
    "DDIMScheduler",
    {},
    { s_churn: 1 },
    "DDIMScheduler has no step option s_churn (options: eta, use_clipped_model_output)",
  ],
  ["DDPMScheduler", { variance_type: "learned" }, {}, 'variance_type is "learned", which is not supported'],
  [
    "DDPMScheduler",
    { variance_type: "fixed_large_log" },
    {},
    'variance_type is "fixed_large_log", which is not supported',
  ],
  [
    "DPMSolverMultistepScheduler",
    { algorithm_type: "dpmsolver" },
    {},
    'final_sigmas_type is "zero", but dpmsolver needs',
  ],
  ["DPMSolverMultistepScheduler", { solver_order: 4 }, {}, "solver_order is 4, which dpmsolver++ does not have"],
  ["DPMSolverMultistepScheduler", { use_beta_sigmas: true }, {}, "use_beta_sigmas is true, which is not supported"],
  ["EulerDiscreteScheduler", { use_beta_sigmas: true }, {}, "use_beta_sigmas is true, which is not supported"],
  ["DDIMSchedular", {}, {}, "there is no scheduler DDIMSchedular; did you mean DDIMScheduler?"],
])("%s with %j %j is refused", (name, config, options, message) => {
  expect(() => make(name, config, 10, options)).toThrow(ConfigError);
  expect(() => make(name, config, 10, options)).toThrow(message);
});

test("more steps than timesteps are refused, and fields of other schedulers ignored", () => {
  expect(() => make("DDIMScheduler", {}, 1001)).toThrow("steps is 1001; it must be a whole number from 1 to 1000");
  expect(() => make("DDIMScheduler", { skip_prk_steps: true, _diffusers_version: "0.40.0" })).not.toThrow();
});
