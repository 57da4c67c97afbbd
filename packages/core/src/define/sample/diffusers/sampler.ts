import { ConfigError } from "../../../ir/errors";
import type { VarianceType } from "../../diffusion/variance";
import type { SamplerTable } from "../table";

/** A diffusers scheduler as a sampler: what `samplerScan` needs, and what the scheduler calls its timesteps and sigmas. */
export interface DiffusersSampler {
  readonly table: SamplerTable;
  readonly clip: boolean;
  /** Where x0 is clamped if `clip` is set. */
  readonly clipRange: number;
  readonly variance: VarianceType;
  readonly timesteps: readonly number[];
  /** sigma / alpha of each level, the last one included; for flow matching sigma. Absent where the scheduler has none. */
  readonly sigmas?: readonly number[];
}

/** Arguments of diffusers' `step` (and `mu` of `set_timesteps`), by their names there. */
export interface StepOptions {
  readonly eta?: number;
  readonly use_clipped_model_output?: boolean;
  readonly s_churn?: number;
  readonly s_tmin?: number;
  readonly s_tmax?: number;
  readonly s_noise?: number;
  readonly mu?: number;
}

/** @throws ConfigError naming a step option that this scheduler does not take */
export function requireOptions(scheduler: string, options: StepOptions, known: readonly (keyof StepOptions)[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name as keyof StepOptions));
  if (unknown !== undefined)
    throw new ConfigError(`${scheduler} has no step option ${unknown} (options: ${known.join(", ") || "none"})`);
}
