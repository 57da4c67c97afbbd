import { ConfigError } from "../../../ir/errors";
import { arange, interpolate, linspace, roundHalfToEven } from "../../diffusion/grid";
import { dpmSolver } from "../dpmSolver";
import { clean, type NoiseLevel } from "../level";
import { levelOfRatio } from "../spacing";
import type { Fields } from "./fields";
import { type DiffusersSampler, requireOptions, type StepOptions } from "./sampler";
import { respaced, sigmaSpacing, type TrainingSigmas, trainingSigmas } from "./sigmas";
import { predictionOf, requireSteps, spacingOf, trainingNoise } from "./trainingNoise";

/** diffusers' DPMSolverMultistepScheduler. */
export function dpmSolverMultistepScheduler(fields: Fields, steps: number, options: StepOptions): DiffusersSampler {
  fields.refuse("thresholding", "use_dynamic_shifting");
  requireOptions(fields.scheduler, options, []);
  const noise = trainingNoise(fields);
  requireSteps(fields, noise.timesteps, steps);
  const isFlow = fields.flag("use_flow_sigmas", false);
  const prediction = predictionOf(fields, isFlow ? ["flow_prediction", "epsilon", "sample"] : undefined);
  const algorithm = algorithmOf(fields);
  const training = trainingSigmas(fields, noise);
  const end = fields.choice("final_sigmas_type", ["zero", "sigma_min"], "zero") === "zero" ? 0 : training.sigmas[0]!;
  if (algorithm.along === "noise" && end === 0)
    throw new ConfigError(`${fields.scheduler}: final_sigmas_type is "zero", but dpmsolver needs "sigma_min"`);
  const spaced = isFlow
    ? flowSigmas(fields, noise.timesteps, steps)
    : spacedSigmas(fields, noise.timesteps, steps, training);
  const timesteps = spaced.timesteps.map(Math.trunc);
  const sigmas = [...spaced.sigmas, end].map(Math.fround);
  const levels = sigmas.map((sigma, i): NoiseLevel => {
    if (sigma === 0) return clean;
    const timestep = timesteps[i] ?? 0;
    return isFlow ? { timestep, alpha: 1 - sigma, sigma } : levelOfRatio(sigma, timestep);
  });
  const hasValues = fields.choice("variance_type", ["none", "learned", "learned_range"], "none") !== "none";
  return {
    table: dpmSolver(levels, { prediction }, algorithm),
    clip: false,
    clipRange: 1,
    variance: hasValues ? "learnedRange" : "fixedSmall",
    timesteps,
    sigmas,
  };
}

function algorithmOf(fields: Fields) {
  const type = fields.choice(
    "algorithm_type",
    ["dpmsolver++", "dpmsolver", "sde-dpmsolver++", "sde-dpmsolver", "deis"],
    "dpmsolver++",
  );
  const order = fields.number("solver_order", 2);
  if (order !== 1 && order !== 2 && (order !== 3 || type === "sde-dpmsolver"))
    throw new ConfigError(`${fields.scheduler}: solver_order is ${order}, which ${type} does not have`);
  const second = fields.choice("solver_type", ["midpoint", "heun", "logrho", "bh1", "bh2"], "midpoint");
  return {
    order: order as 1 | 2 | 3,
    third: "diffusers" as const,
    along: type.endsWith("dpmsolver") ? ("noise" as const) : ("image" as const),
    stochastic: type.startsWith("sde"),
    second: second === "heun" ? ("heun" as const) : ("midpoint" as const),
    lowerOrderFinal: fields.flag("lower_order_final", true),
    eulerAtFinal: fields.flag("euler_at_final", false),
  };
}

function spacedSigmas(fields: Fields, T: number, steps: number, training: TrainingSigmas) {
  const { sigmas, timestepOf } = training;
  const falling = sigmas.slice().reverse();
  const spacing = sigmaSpacing(fields);
  const isEven = fields.flag("use_lu_lambdas", false);
  if (spacing === undefined && !isEven) {
    const timesteps = spacedTimesteps(fields, T, steps, training);
    return { timesteps, sigmas: timesteps.map((t) => interpolate(sigmas, t)) };
  }
  const spaced = respaced(spacing ?? "exponential", falling, steps, fields);
  // Kept for parity: what is not rounded here is cut off.
  const isRounded =
    spacing !== "exponential" && fields.choice("beta_schedule", anySchedule, "linear") !== "squaredcos_cap_v2";
  const timesteps = spaced.map(timestepOf);
  return { timesteps: isRounded ? timesteps.map(roundHalfToEven) : timesteps, sigmas: spaced };
}

const anySchedule = ["linear", "scaled_linear", "squaredcos_cap_v2"] as const;

/** One more than asked for, without the last: the run goes on from there to its end. */
function spacedTimesteps(fields: Fields, T: number, steps: number, { sigmas }: TrainingSigmas): number[] {
  const least = fields.optional("lambda_min_clipped") ?? Number.NEGATIVE_INFINITY;
  const known = sigmas.findLastIndex((sigma) => -Math.log(sigma) >= least) + 1;
  const kind = spacingOf(fields, "linspace");
  switch (kind) {
    case "linspace":
      return Array.from(linspace(0, known - 1, steps + 1), roundHalfToEven)
        .reverse()
        .slice(0, -1);
    case "leading": {
      const stride = Math.floor(known / (steps + 1));
      return Array.from({ length: steps }, (_, i) => (steps - i) * stride + fields.number("steps_offset", 0));
    }
    case "trailing":
      return Array.from(arange(known, 0, -T / steps).subarray(0, steps), (t) => roundHalfToEven(t) - 1);
    default:
      return kind satisfies never;
  }
}

/** Levels of flow matching, alpha = 1 - sigma, as `flow_shift` moves them. */
function flowSigmas(fields: Fields, T: number, steps: number) {
  const shift = fields.number("flow_shift", 1);
  const sigmas = Array.from(
    linspace(1, 1 / T, steps + 1),
    (alpha) => (shift * (1 - alpha)) / (1 + (shift - 1) * (1 - alpha)),
  );
  const falling = sigmas.reverse().slice(0, -1);
  return { timesteps: falling.map((sigma) => sigma * T), sigmas: falling };
}
