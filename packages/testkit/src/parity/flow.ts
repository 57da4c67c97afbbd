import {
  type Backend,
  type DiffusionForm,
  type FlowConfig,
  flowDefaults,
  type ModelConfig,
  type PathName,
  type Weights,
} from "@dit/core";
import type { Findings } from "./check";
import type { Fixture } from "./fixture";
import { flowConversions } from "./flowConversions";
import { flowObjectives } from "./flowObjectives";
import { flowRuns } from "./flowRuns";
import { modelOf, weightsOf } from "./network";

/** What every part of the check needs. */
export interface FlowSubject {
  readonly fixture: Fixture;
  readonly backend: Backend;
  readonly findings: Findings;
  readonly config: ModelConfig<FlowConfig>;
  readonly weights: Weights;
}

/** The official names of paths, with ours. */
export const ourPaths: Readonly<Record<string, PathName>> = { Linear: "linear", GVP: "gvp", VP: "vp" };

/** The official names of diffusion forms, one of them misspelt, with ours. */
export const ourForms: Readonly<Record<string, DiffusionForm>> = {
  constant: "constant",
  SBDM: "sbdm",
  sigma: "sigma",
  linear: "linear",
  decreasing: "decreasing",
  "inccreasing-decreasing": "increasingDecreasing",
};

/** Flow matching: paths and their conversions, the losses and gradients of each prediction, whole sampling runs. */
export async function flow(fixture: Fixture, backend: Backend, findings: Findings): Promise<void> {
  const { dit } = modelOf(fixture);
  const config: ModelConfig<FlowConfig> = { dit, diffusion: flowDefaults };
  const subject: FlowSubject = { fixture, backend, findings, config, weights: weightsOf(dit, fixture) };
  // Draws are read whether a run needs them all or not: of n results the last is made without one.
  for (const name of fixture.names) if (/^input\./.test(name)) fixture.stored(name);
  for (const part of [flowConversions, flowObjectives, flowRuns]) await part(subject);
}
