import type { DiffusionConfig } from "../diffusion/config";
import type { Process } from "../diffusion/process";
import { ddim } from "./ddim";
import { ddpm } from "./ddpm";
import type { SamplerTable } from "./table";

/** Every sampler by name. */
export const samplers = { ddpm, ddim } as const satisfies Record<
  string,
  (process: Process, config: DiffusionConfig, options?: SamplerOptions) => SamplerTable
>;

export type SamplerName = keyof typeof samplers;

export interface SamplerOptions {
  /** DDIM's noise, 0 (none) to 1 (as much as DDPM). */
  readonly eta?: number;
}
