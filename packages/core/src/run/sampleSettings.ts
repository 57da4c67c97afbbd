import { requireNullLabel } from "../define/dit/config";
import type { Model, ModelConfig } from "../define/model";
import type { ObjectiveConfig } from "../define/objective";
import {
  type FlowSamplerName,
  type FlowSamplerSettings,
  flowSamplerDefaults,
  flowSamplers,
} from "../define/sample/flowSamplers";
import { type SamplerName, samplers } from "../define/sample/samplers";
import type { LevelOptions } from "../define/sample/spacing";
import { ConfigError, unknownName } from "../ir/errors";
import { sameShape } from "../ir/shape";
import type { Precision } from "../lower/castPrecision";

/** What decides a picture, apart from the weights, the label and the seed. */
export interface SampleSettings extends LevelOptions {
  /** Of a diffusion model or of a flow. */
  readonly sampler: SamplerName | FlowSamplerName;
  /** Number of sampling steps; a chain is respaced to them, and dopri5 finds its own. */
  readonly steps: number;
  /** DDIM's noise. */
  readonly eta: number;
  /** Whether a multistep solver ends a run of less than 15 steps with steps of lower order. */
  readonly lowerOrderFinal: boolean;
  /** Whether its last step is of first order even where the run does not end clean. */
  readonly eulerAtFinal: boolean;
  /** Guidance scale; 1 is none. */
  readonly guidance: number;
  readonly guidanceChannels: "all" | 3;
  /** The timesteps, both included, at which the model is guided (arXiv 2404.07724); null is all of them. */
  readonly guidanceInterval: readonly [from: number, to: number] | null;
  /** How far the deviation that guidance enlarges is brought back, 0 to 1 (arXiv 2305.08891). */
  readonly guidanceRescale: number;
  /** Whether the implied image is clamped to [-1, 1] at each step. For pixels, not for latents. */
  readonly clip: boolean;
  /** What the network computes in; the sampler's own arithmetic is in f32. */
  readonly precision: Precision;
  /** What only the samplers of a flow ask for. */
  readonly flow: FlowSamplerSettings;
}

/** The official sampling script's choices, but for its 250 steps, which are DDPM's. The sampler is the deterministic one that needs fewest calls for its kind. */
export const sampleDefaults: Omit<SampleSettings, "sampler"> = {
  steps: 50,
  spacing: "official",
  stepsOffset: 0,
  end: "clean",
  eta: 0,
  lowerOrderFinal: true,
  eulerAtFinal: false,
  guidance: 4,
  guidanceChannels: 3,
  guidanceInterval: null,
  guidanceRescale: 0,
  clip: false,
  precision: "f32",
  flow: flowSamplerDefaults,
};

/** The samplers of an objective by name, the one that is taken by default first. */
export function samplersOf({ kind }: Pick<ObjectiveConfig, "kind">): readonly SampleSettings["sampler"][] {
  switch (kind) {
    case "diffusion":
      return ["ddim", ...(Object.keys(samplers) as SamplerName[]).filter((name) => name !== "ddim")];
    case "flow":
      return ["heun2", ...flowSamplers.filter((name) => name !== "heun2")];
    default:
      return kind satisfies never;
  }
}

/** The samplers of every objective. A name may stand for one of each. */
export const samplerNames = [...new Set([...samplersOf({ kind: "diffusion" }), ...samplersOf({ kind: "flow" })])];

/** Complete settings for a model; keys that are none are left out. */
export function settingsFrom({ diffusion }: ModelConfig, overrides: Partial<SampleSettings>): SampleSettings {
  const defaults: SampleSettings = { ...sampleDefaults, sampler: samplersOf(diffusion)[0]! };
  const given = Object.entries(overrides).filter(([name, value]) => name in defaults && value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
}

/** @throws ConfigError for settings that contradict each other or the model */
export function requirePossible(
  { dit, diffusion }: ModelConfig,
  { sampler, spacing, eta, guidance, guidanceInterval, guidanceRescale }: SampleSettings,
  isAutoguided: boolean,
): void {
  const known = samplersOf(diffusion);
  if (!known.includes(sampler)) throw unknownName("sampler", sampler, known, `${sampler} of a ${diffusion.kind} model`);
  if (diffusion.kind === "flow" && spacing !== sampleDefaults.spacing)
    throw new ConfigError(`spacing is ${spacing}, but a flow has no chain to space; leave it out`);
  if (!(eta >= 0 && eta <= 1)) throw new ConfigError(`eta is ${eta}; it must lie between 0 and 1`);
  if (eta !== 0 && sampler !== "ddim")
    throw new ConfigError(`eta is ${eta}, but only ddim has it; ${sampler} does not`);
  if (!(guidanceRescale >= 0 && guidanceRescale <= 1))
    throw new ConfigError(`guidanceRescale is ${guidanceRescale}; it must lie between 0 and 1`);
  if (guidance !== 1 && !isAutoguided) requireNullLabel(dit);
  if (guidanceInterval !== null && !(guidanceInterval[0] <= guidanceInterval[1]))
    throw new ConfigError(`guidanceInterval is [${guidanceInterval}]; its first timestep must not lie above its last`);
  const idle = [
    guidanceInterval !== null && "guidanceInterval",
    guidanceRescale !== 0 && "guidanceRescale",
    isAutoguided && "autoguidance",
  ].find(Boolean);
  if (guidance === 1 && idle) throw new ConfigError(`${idle} is given, but guidance 1 is none; set another scale`);
}

/** @throws ConfigError when a model cannot guide another: they must say the same thing of the same images */
export function requireGuide({ dit, diffusion }: ModelConfig, { config: guide }: Model): void {
  const shape = (config: ModelConfig) => [config.dit.inChannels, ...config.dit.inputSize];
  const differs = (what: string, ours: unknown, theirs: unknown) =>
    new ConfigError(
      `autoguidance: the guiding model has ${what} ${JSON.stringify(theirs)}, the model ${JSON.stringify(ours)}`,
    );
  const ours = shape({ dit, diffusion });
  if (!sameShape(ours, shape(guide))) throw differs("images", ours, shape(guide));
  if (dit.numClasses !== guide.dit.numClasses) throw differs("numClasses", dit.numClasses, guide.dit.numClasses);
  const [own, its]: Readonly<Record<string, unknown>>[] = [{ ...diffusion }, { ...guide.diffusion }];
  for (const key of ["kind", "prediction", "schedule", "timesteps", "path"]) {
    if (JSON.stringify(own![key]) !== JSON.stringify(its![key])) throw differs(key, own![key], its![key]);
  }
}

/** @throws ConfigError for what needs steps that are known beforehand, which dopri5 has not */
export function requireAdaptive({ guidanceInterval }: SampleSettings, previews: boolean): void {
  const idle = [guidanceInterval !== null && "guidanceInterval", previews && "onPreview"].find(Boolean);
  if (idle) throw new ConfigError(`${idle} is given, but dopri5 finds its steps as it goes; take another sampler`);
}
