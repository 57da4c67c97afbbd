import { process } from "../define/diffusion/process";
import type { FlowConfig } from "../define/flow/config";
import { checkModel, type Model, type ModelConfig } from "../define/model";
import type { ObjectiveConfig } from "../define/objective";
import type { Weights } from "../define/params";
import {
  type FlowSamplerName,
  type FlowSamplerSettings,
  flowSamplerDefaults,
  flowSamplers,
  flowTable,
} from "../define/sample/flowSamplers";
import { type SamplerName, samplers } from "../define/sample/samplers";
import { firstCarry, isNoisy, rowFeeds, samplerScan } from "../define/sample/scan";
import type { SamplerTable } from "../define/sample/table";
import { ConfigError } from "../ir/errors";
import type { Scan } from "../ir/graph";
import { type HostTensor, hostF32, hostI32, hostZeros } from "../ir/hostTensor";
import { adaptiveSampler } from "./adaptive";
import type { Backend, DeviceTensors, Feed, Feeds } from "./backend";
import { noiseFor, requireClasses } from "./drawing";
import { disposeAll } from "./feeds";
import { guidedNetwork, networkConstants } from "./guidedNetwork";

/** What decides a picture, apart from the weights, the label and the seed. */
export interface SampleSettings {
  /** Of a diffusion model or of a flow. */
  readonly sampler: SamplerName | FlowSamplerName;
  /** Number of sampling steps; a chain is respaced to them, and dopri5 finds its own. */
  readonly steps: number;
  /** DDIM's noise. */
  readonly eta: number;
  /** Classifier-free guidance scale; 1 is none. */
  readonly guidance: number;
  readonly guidanceChannels: "all" | 3;
  /** Whether the implied image is clamped to [-1, 1] at each step. For pixels, not for latents. */
  readonly clip: boolean;
  /** What only the samplers of a flow ask for. */
  readonly flow: FlowSamplerSettings;
}

/** The official sampling script's choices. The sampler is the deterministic one that needs fewest calls for its kind. */
export const sampleDefaults: Omit<SampleSettings, "sampler"> = {
  steps: 50,
  eta: 0,
  guidance: 4,
  guidanceChannels: 3,
  clip: false,
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

export interface SampleOptions extends Partial<SampleSettings> {
  readonly backend: Backend;
  /** One label per image. */
  readonly classes: readonly number[];
  readonly seed?: number;
  /** Number of the first image, for drawing a large set in several calls; 0 by default. */
  readonly firstSample?: number;
  readonly signal?: AbortSignal;
  readonly onStep?: (step: number, steps: number) => void;
}

export interface Samples {
  /** [N, C, I, J], in [-1, 1] where the model was trained on pixels. */
  readonly images: HostTensor<"f32">;
  /** What remakes them. */
  readonly settings: SampleSettings & { readonly seed: number; readonly classes: readonly number[] };
}

/** Draws images from a model. Image i depends on (weights, settings, seed, i) alone, not on how many are drawn at once. */
export async function sample(model: Model, options: SampleOptions): Promise<Samples> {
  const { backend, classes, ...rest } = options;
  const sampler = await createSampler(model.config, backend, classes.length, rest);
  try {
    return await sampler.run(model.weights, classes, rest);
  } finally {
    await sampler.dispose();
  }
}

/** A compiled sampler, for drawing again and again: from other weights, of other classes, with other seeds. */
export interface Sampler {
  readonly settings: SampleSettings;
  run(
    weights: Weights,
    classes: readonly number[],
    options?: Pick<SampleOptions, "seed" | "firstSample" | "signal" | "onStep">,
  ): Promise<Samples>;
  dispose(): Promise<void>;
}

/** Steps per call of the backend: few enough to report progress and to stop soon, many enough to hide the call. */
const stepsPerCall = 10;

export async function createSampler(
  config: ModelConfig,
  backend: Backend,
  count: number,
  overrides: Partial<SampleSettings> = {},
): Promise<Sampler> {
  const settings = settingsFrom(config, overrides);
  checkModel(config);
  requirePossible(config, settings);
  if (settings.sampler === "dopri5") {
    return adaptiveSampler(config as ModelConfig<FlowConfig>, backend, count, settings);
  }
  const table = samplerTable(config, settings);
  const noisy = isNoisy(table);
  const executable = await backend.compileScan(imageScan(config, settings, table, count));
  return {
    settings,
    async run(weights, classes, { seed = 0, firstSample = 0, signal, onStep } = {}) {
      requireClasses(config, classes, count);
      const noiseAt = (stream: string, step: number) => noiseFor(config, count, firstSample, { seed, stream, step });
      const constants: Record<string, Feed> = {
        y: hostI32([count], classes),
        guidance: hostF32([], [settings.guidance]),
      };
      let carry: Feeds = firstCarry(table, noiseAt("start", 0));
      try {
        // Once per run: the weights are the same in every call.
        for (const [name, value] of Object.entries(weights)) constants[`params.${name}`] = await backend.upload(value);
        for (let first = 0; first < table.rows.length; first += stepsPerCall) {
          signal?.throwIfAborted();
          const rows = Math.min(stepsPerCall, table.rows.length - first);
          const draws = Array.from({ length: noisy ? rows : 0 }, (_, i) => noiseAt("sampling", first + i));
          const noise = noisy ? { noise: stacked(draws) } : {};
          const xs = { ...rowFeeds(table, first, rows), ...noise };
          carry = (await executable.run({ constants, carry, xs })).carry;
          onStep?.(first + rows, table.rows.length);
        }
        const images = (await (carry as DeviceTensors).x!.read()) as HostTensor<"f32">;
        return { images, settings: { ...settings, seed, classes } };
      } finally {
        disposeAll(carry);
        disposeAll(constants);
      }
    },
    dispose: () => executable.dispose(),
  };
}

/** A sampling run of a DiT as a scan; its constants are the weights, the labels and the guidance scale. */
export function imageScan(config: ModelConfig, settings: SampleSettings, table: SamplerTable, count: number): Scan {
  const { dit: architecture } = config;
  const network = guidedNetwork(architecture, settings);
  return samplerScan({
    name: `${settings.sampler} step`,
    table,
    image: [count, architecture.inChannels, ...architecture.inputSize],
    constants: networkConstants(architecture, count),
    clip: settings.clip,
    // What the second half of the output is for matters to no table but those that learned it.
    variance: architecture.learnSigma ? "learnedRange" : "fixedLarge",
    network: (constants, x, timestep) => network(constants, x, timestep.broadcastTo([count])),
  });
}

/** The numbers of a whole run. */
export function samplerTable({ diffusion }: ModelConfig, settings: SampleSettings): SamplerTable {
  const { sampler, steps, eta } = settings;
  switch (diffusion.kind) {
    case "diffusion": {
      const chain = process(diffusion.schedule, diffusion.timesteps, String(steps));
      return samplers[sampler as SamplerName](chain, diffusion, { eta });
    }
    case "flow":
      return flowTable(diffusion, sampler as Exclude<FlowSamplerName, "dopri5">, settings);
    default:
      return diffusion satisfies never;
  }
}

function settingsFrom({ diffusion }: ModelConfig, overrides: Partial<SampleSettings>): SampleSettings {
  const defaults: SampleSettings = { ...sampleDefaults, sampler: samplersOf(diffusion)[0]! };
  const { sampler, steps, eta, guidance, guidanceChannels, clip, flow } = { ...defaults, ...overrides };
  return { sampler, steps, eta, guidance, guidanceChannels, clip, flow };
}

function requirePossible(
  { dit: { classDropout }, diffusion }: ModelConfig,
  { guidance, sampler, steps }: SampleSettings,
): void {
  const known = samplersOf(diffusion);
  if (!known.includes(sampler))
    throw new ConfigError(
      `there is no sampler ${sampler} of a ${diffusion.kind} model (samplers: ${known.join(", ")})`,
    );
  if (diffusion.kind === "diffusion" && steps > diffusion.timesteps)
    throw new ConfigError(`${steps} sampling steps, but the model's chain has ${diffusion.timesteps}`);
  if (guidance !== 1 && classDropout === 0) {
    throw new ConfigError("guidance needs a model trained with dropped labels (classDropout above 0); use guidance 1");
  }
}

function stacked(tensors: readonly HostTensor<"f32">[]): HostTensor<"f32"> {
  const out = hostZeros("f32", [tensors.length, ...tensors[0]!.shape]);
  tensors.forEach(({ data }, i) => {
    out.data.set(data, i * data.length);
  });
  return out;
}
