import type { FlowConfig } from "../flow/config";
import type { DiffusionForm } from "../flow/sde";
import { flowOde, type OdeMethod, odeMethods } from "./flowOde";
import { flowSde, type LastStep } from "./flowSde";
import type { SamplerTable } from "./table";

/** Every sampler of a flow: methods of fixed step, the adaptive dopri5, and two that add noise on the way. */
export const flowSamplers = [...(Object.keys(odeMethods) as OdeMethod[]), "dopri5", "sdeEuler", "sdeHeun"] as const;

export type FlowSamplerName = (typeof flowSamplers)[number];

/** What only the samplers of a flow ask for. */
export interface FlowSamplerSettings {
  /** Of the samplers that add noise: how much when, and how they end. */
  readonly diffusionForm: DiffusionForm;
  readonly lastStep: LastStep;
  readonly lastStepSize: number;
  /** Of dopri5: the error that a step may make, absolutely and as a part of x. */
  readonly atol: number;
  readonly rtol: number;
}

/** SiT's. */
export const flowSamplerDefaults: FlowSamplerSettings = {
  diffusionForm: "sigma",
  lastStep: "mean",
  lastStepSize: 0.04,
  atol: 1e-6,
  rtol: 1e-3,
};

/** The table of a sampler of a flow, of `steps` steps altogether. dopri5 has none: it finds its steps as it goes. */
export function flowTable(
  flow: FlowConfig,
  sampler: Exclude<FlowSamplerName, "dopri5">,
  {
    steps,
    clip,
    flow: settings,
  }: { readonly steps: number; readonly clip: boolean; readonly flow: FlowSamplerSettings },
): SamplerTable {
  switch (sampler) {
    case "sdeEuler":
    case "sdeHeun": {
      const { diffusionForm: form, lastStep, lastStepSize } = settings;
      const method = sampler === "sdeHeun" ? "heun" : "eulerMaruyama";
      const drawn = lastStep === "none" ? steps : steps - 1;
      return flowSde(flow, { method, form, steps: drawn, lastStep, lastStepSize, clip });
    }
    default:
      return flowOde(flow, { method: sampler satisfies OdeMethod, steps, clip });
  }
}
