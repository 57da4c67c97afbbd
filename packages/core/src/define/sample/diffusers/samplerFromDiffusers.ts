import { ConfigError, unknownName } from "../../../ir/errors";
import { ddimScheduler } from "./ddim";
import { ddpmScheduler } from "./ddpm";
import { dpmSolverMultistepScheduler } from "./dpmSolverMultistep";
import { eulerScheduler } from "./euler";
import { type Fields, fieldsOf, type SchedulerConfig } from "./fields";
import { flowMatchEulerScheduler } from "./flowMatchEuler";
import type { DiffusersSampler, StepOptions } from "./sampler";

const schedulers = {
  DDIMScheduler: ddimScheduler,
  DDPMScheduler: ddpmScheduler,
  DPMSolverMultistepScheduler: dpmSolverMultistepScheduler,
  EulerDiscreteScheduler: eulerScheduler,
  FlowMatchEulerDiscreteScheduler: flowMatchEulerScheduler,
} satisfies Record<string, (fields: Fields, steps: number, options: StepOptions) => DiffusersSampler>;

/**
 * The sampler that a diffusers `scheduler_config.json` describes, step for step: its `_class_name` says which. `options`
 * are what diffusers takes with each step. Fields that the scheduler does not have are ignored, as diffusers does.
 * @throws ConfigError naming the field, or the scheduler, that is not supported
 */
export function samplerFromDiffusers(
  config: SchedulerConfig,
  steps: number,
  options: StepOptions = {},
): DiffusersSampler {
  const name = config._class_name;
  if (typeof name !== "string") throw new ConfigError("the scheduler configuration has no _class_name");
  if (!Object.hasOwn(schedulers, name)) throw unknownName("scheduler", name, Object.keys(schedulers));
  return schedulers[name as keyof typeof schedulers](fieldsOf(name, config), steps, options);
}
