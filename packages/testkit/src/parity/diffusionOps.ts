import {
  type Backend,
  type DiffusionConfig,
  type HostTensor,
  type ModelConfig,
  type Process,
  process,
} from "@dit/core";
import { prefixed } from "@dit/core/internal";
import { bitsPerDimLoop } from "./bitsPerDimLoop";
import type { Findings } from "./check";
import { directLosses } from "./directLosses";
import type { Results } from "./evaluate";
import type { Fixture } from "./fixture";
import { lossVariants } from "./lossVariants";
import { modelOf, weightsOf } from "./network";
import { samplingLoops } from "./samplingLoops";
import { singleSteps } from "./singleSteps";

/** What every part of the check needs. */
export interface Subject {
  readonly fixture: Fixture;
  readonly backend: Backend;
  readonly findings: Findings;
  readonly config: ModelConfig<DiffusionConfig>;
  /** The formula weights, as feeds of the graphs' `params`. */
  readonly params: Readonly<Record<string, HostTensor>>;
}

/** Every formula of Gaussian diffusion, step by step and in whole loops, on a small DiT. */
export async function diffusionOps(fixture: Fixture, backend: Backend, findings: Findings): Promise<void> {
  const config = modelOf(fixture);
  const params = prefixed("params", weightsOf(config.dit, fixture));
  const subject: Subject = { fixture, backend, findings, config, params };
  for (const part of [singleSteps, lossVariants, directLosses, samplingLoops, bitsPerDimLoop]) await part(subject);
}

/** The model's whole chain, or one shortened to what `respacing` keeps. */
export function chainOf({ diffusion }: ModelConfig<DiffusionConfig>, respacing = ""): Process {
  return process(diffusion.schedule, diffusion.timesteps, respacing);
}

/**
 * Compares those of our results, prefixed, that the fixture has.
 * @param groupOf names a result's group
 * @param missOf what float32 is likely to miss of a result
 */
export function compareKnown(
  { fixture, findings }: Subject,
  prefix: string,
  results: Results,
  groupOf: (result: string) => string,
  missOf: (result: string) => number = () => 0,
): void {
  for (const [result, values] of Object.entries(results)) {
    if (fixture.has(`${prefix}.${result}`))
      findings.compare(groupOf(result), `${prefix}.${result}`, values, { likelyMiss: missOf(result) });
  }
}
