import { process } from "../define/diffusion/process";
import { requireLabels, requireNullLabel } from "../define/dit/config";
import { dit, ditSpec } from "../define/dit/dit";
import { checkModel, type Model, type ModelConfig } from "../define/model";
import { bindParams, paramTypes, type Weights } from "../define/params";
import { guide, guidedChannels, type Network } from "../define/sample/guidance";
import { type SamplerName, samplers } from "../define/sample/samplers";
import { firstCarry, isNoisy, rowFeeds, samplerScan } from "../define/sample/scan";
import type { SamplerTable } from "../define/sample/table";
import { fillNormal } from "../host/normal";
import type { StreamKey } from "../host/rng";
import { ConfigError, DitError } from "../ir/errors";
import type { Scan } from "../ir/graph";
import { type HostTensor, hostF32, hostI32, hostZeros } from "../ir/hostTensor";
import { f32, i32 } from "../trace/signature";
import type { Backend, DeviceTensors, Feed, Feeds } from "./backend";
import { disposeAll } from "./feeds";

/** What decides a picture, apart from the weights, the label and the seed. */
export interface SampleSettings {
  readonly sampler: SamplerName;
  /** Number of sampling steps; the chain is respaced to them. */
  readonly steps: number;
  /** DDIM's noise. */
  readonly eta: number;
  /** Classifier-free guidance scale; 1 is none. */
  readonly guidance: number;
  readonly guidanceChannels: "all" | 3;
  /** Whether the implied image is clamped to [-1, 1] at each step. For pixels, not for latents. */
  readonly clip: boolean;
}

/** The official sampling script's choices, with the shorter and deterministic DDIM. */
export const sampleDefaults: SampleSettings = {
  sampler: "ddim",
  steps: 50,
  eta: 0,
  guidance: 4,
  guidanceChannels: 3,
  clip: false,
};

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
  const settings = settingsFrom(overrides);
  checkModel(config);
  requirePossible(config, settings);
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
  const { dit: architecture, diffusion } = config;
  const spec = ditSpec(architecture);
  return samplerScan({
    name: `${settings.sampler} step`,
    table,
    image: [count, architecture.inChannels, ...architecture.inputSize],
    constants: { params: paramTypes(spec).all, y: i32([count]), guidance: f32([]) },
    clip: settings.clip,
    variance: diffusion.variance,
    network: ({ params, y, guidance }, x, timestep) => {
      const bound = bindParams(spec, params);
      const network: Network = (xt, t, labels) => dit(bound, xt, t, labels, architecture);
      const t = timestep.broadcastTo([count]);
      if (settings.guidance === 1) return network(x, t, y);
      const channels = guidedChannels(architecture, settings.guidanceChannels);
      return guide(network, x, t, y, guidance, channels, architecture).conditional;
    },
  });
}

/** The numbers of a whole run. */
export function samplerTable({ diffusion }: ModelConfig, { sampler, steps, eta }: SampleSettings): SamplerTable {
  const chain = process(diffusion.schedule, diffusion.timesteps, String(steps));
  return samplers[sampler](chain, diffusion, { eta });
}

function settingsFrom(overrides: Partial<SampleSettings>): SampleSettings {
  const { sampler, steps, eta, guidance, guidanceChannels, clip } = { ...sampleDefaults, ...overrides };
  return { sampler, steps, eta, guidance, guidanceChannels, clip };
}

function requirePossible({ dit, diffusion }: ModelConfig, { guidance, sampler, steps }: SampleSettings): void {
  if (!Object.hasOwn(samplers, sampler))
    throw new ConfigError(`there is no sampler ${sampler} (samplers: ${Object.keys(samplers).join(", ")})`);
  if (steps > diffusion.timesteps)
    throw new ConfigError(`${steps} sampling steps, but the model's chain has ${diffusion.timesteps}`);
  if (guidance !== 1) requireNullLabel(dit);
}

function requireClasses({ dit }: ModelConfig, classes: readonly number[], count: number): void {
  if (classes.length !== count)
    throw new DitError(`this sampler draws ${count} images at a time, got ${classes.length} classes`);
  requireLabels(dit, classes);
}

function noiseFor(
  { dit: { inChannels, inputSize } }: ModelConfig,
  count: number,
  firstSample: number,
  key: Omit<StreamKey, "sample">,
): HostTensor<"f32"> {
  const out = hostZeros("f32", [count, inChannels, ...inputSize]);
  const size = out.data.length / count;
  for (let i = 0; i < count; i++) fillNormal({ ...key, sample: firstSample + i }, out.data, i * size, size);
  return out;
}

function stacked(tensors: readonly HostTensor<"f32">[]): HostTensor<"f32"> {
  const out = hostZeros("f32", [tensors.length, ...tensors[0]!.shape]);
  tensors.forEach(({ data }, i) => {
    out.data.set(data, i * data.length);
  });
  return out;
}
