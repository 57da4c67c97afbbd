import { interpolate, linspace } from "../../diffusion/grid";
import { euler } from "../euler";
import type { Predicted } from "../level";
import { clean } from "../level";
import { levelOfRatio, timestepSpacings } from "../spacing";
import type { SamplerRow } from "../table";
import type { Fields } from "./fields";
import { type DiffusersSampler, requireOptions, type StepOptions } from "./sampler";
import { respaced, sigmaSpacing, type TrainingSigmas, trainingSigmas } from "./sigmas";
import { predictionOf, requireSteps, spacingOf, trainingNoise } from "./trainingNoise";

/** diffusers' EulerDiscreteScheduler. Its states are in variance-exploding coordinates. */
export function eulerScheduler(fields: Fields, steps: number, options: StepOptions): DiffusersSampler {
  requireOptions(fields.scheduler, options, ["s_churn", "s_tmin", "s_tmax", "s_noise"]);
  const noise = trainingNoise(fields);
  requireSteps(fields, noise.timesteps, steps);
  const prediction = predictionOf(fields);
  const training = trainingSigmas(fields, noise);
  const spaced = spacedSigmas(fields, noise.timesteps, steps, training);
  const end = fields.choice("final_sigmas_type", ["zero", "sigma_min"], "zero") === "zero" ? 0 : training.sigmas[0]!;
  const sigmas = [...spaced.sigmas, end].map(Math.fround);
  const isContinuous = fields.choice("timestep_type", ["discrete", "continuous"], "discrete") === "continuous";
  const timesteps =
    isContinuous && prediction === "v" ? sigmas.slice(0, -1).map((sigma) => 0.25 * Math.log(sigma)) : spaced.timesteps;
  const levels = sigmas
    .slice(0, steps + 1)
    .map((sigma, i) => (sigma === 0 ? clean : levelOfRatio(sigma, timesteps[i] ?? 0)));
  const largest = Math.max(...sigmas);
  const table = euler(levels, { prediction });
  return {
    table: {
      ...table,
      rows: table.rows.map((row, i) => churned(row, sigmas, i, prediction, options)),
      startScale: spacingOf(fields, "linspace") === "leading" ? Math.sqrt(largest ** 2 + 1) : largest,
    },
    clip: false,
    clipRange: 1,
    variance: "fixedSmall",
    timesteps: timesteps.map(Math.fround),
    sigmas,
  };
}

function spacedSigmas(fields: Fields, T: number, steps: number, { sigmas, timestepOf }: TrainingSigmas) {
  const kind = spacingOf(fields, "linspace");
  // Not rounded here, unlike in the other schedulers.
  const timesteps =
    kind === "linspace"
      ? Array.from(linspace(0, T - 1, steps)).reverse()
      : timestepSpacings[kind](T, steps, fields.number("steps_offset", 0));
  const between =
    fields.choice("interpolation_type", ["linear", "log_linear"], "linear") === "linear"
      ? timesteps.map((t) => interpolate(sigmas, t))
      : Array.from(linspace(Math.log(sigmas.at(-1)!), Math.log(sigmas[0]!), steps + 1), Math.exp);
  const spacing = sigmaSpacing(fields);
  if (spacing === undefined) return { timesteps, sigmas: between };
  const spaced = respaced(spacing, between, steps, fields);
  return { timesteps: spaced.map(timestepOf), sigmas: spaced };
}

/**
 * A step that first adds noise (Karras et al. 2022, algorithm 2). Kept for parity: diffusers calls the network before it
 * adds it, so that the noise joins the others at the end of the row.
 */
function churned(row: SamplerRow, sigmas: readonly number[], i: number, prediction: Predicted, options: StepOptions) {
  const { s_churn = 0, s_tmin = 0, s_tmax = Number.POSITIVE_INFINITY, s_noise = 1 } = options;
  const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!];
  const more = s_tmin <= sigma && sigma <= s_tmax ? Math.min(s_churn / (sigmas.length - 1), Math.SQRT2 - 1) : 0;
  if (more === 0) return row;
  const raised = sigma * (1 + more);
  const kept = next / raised;
  return {
    ...row,
    x0FromOutput: row.x0FromOutput * (prediction === "eps" ? 1 + more : 1),
    fromX: kept,
    fromD: 1 - kept,
    std: (kept + (1 - kept) * row.x0FromX) * s_noise * Math.sqrt(raised ** 2 - sigma ** 2),
  };
}
