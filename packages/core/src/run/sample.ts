import { process } from "../define/diffusion/process";
import type { FlowConfig } from "../define/flow/config";
import { checkModel, type Model, type ModelConfig } from "../define/model";
import type { Weights } from "../define/params";
import { type FlowSamplerName, flowTable } from "../define/sample/flowSamplers";
import { type MakeSampler, type SamplerName, samplers } from "../define/sample/samplers";
import { firstCarry, isNoisy, rowFeeds, samplerScan } from "../define/sample/scan";
import { noiseLevels } from "../define/sample/spacing";
import type { SamplerRow, SamplerTable } from "../define/sample/table";
import { ConfigError, DitError } from "../ir/errors";
import type { Scan } from "../ir/graph";
import { type HostTensor, hostF32, hostI32, hostZeros } from "../ir/hostTensor";
import { adaptiveSampler } from "./adaptive";
import type { Backend, DeviceTensor, DeviceTensors, Feed, Feeds, ScanExecutable } from "./backend";
import { noiseFor, requireBound, requireClasses } from "./drawing";
import { disposeAll } from "./feeds";
import { guidedNetwork, networkConstants, weightConstants } from "./guidedNetwork";
import { firstNonFinite, type Replay } from "./nonFinite";
import { requireAdaptive, requireGuide, requirePossible, type SampleSettings, settingsFrom } from "./sampleSettings";
import { type SamplingCall, samplingCalls, stepsOf } from "./samplingCalls";

/** What a sampler is compiled for. */
export interface CreateSamplerOptions extends Partial<SampleSettings> {
  /** A weaker model, away from which the model is guided instead of away from its null label (arXiv 2406.02507). */
  readonly autoguidance?: Model;
  /**
   * The weights, if every run is to draw from these. Bound to the compiled graph they are read faster, and a backend can
   * hold them in integers; given to each run they can change.
   */
  readonly weights?: Weights;
  /** Whether the image that the network sees can be shown on the way. */
  readonly previews?: boolean;
}

/** What one run of it takes. */
export interface RunOptions {
  readonly seed?: number;
  /** Number of the first image, for drawing a large set in several calls; 0 by default. */
  readonly firstSample?: number;
  readonly signal?: AbortSignal;
  readonly onStep?: (step: number, steps: number) => void;
  /** Shows the image [N, C, I, J] that the network sees, after every `previewEvery` steps (1 by default) and the last. */
  readonly onPreview?: (step: number, x0: HostTensor<"f32">) => void;
  readonly previewEvery?: number;
}

export interface SampleOptions extends Omit<CreateSamplerOptions, "previews" | "weights">, RunOptions {
  readonly backend: Backend;
  /** One label per image. */
  readonly classes: readonly number[];
}

export interface Samples {
  /** [N, C, I, J], in [-1, 1] where the model was trained on pixels. */
  readonly images: HostTensor<"f32">;
  /** What remakes them, with the weights. */
  readonly settings: SampleSettings & {
    readonly seed: number;
    readonly classes: readonly number[];
    readonly autoguidance: boolean;
  };
}

/** Draws images from a model. Image i depends on (weights, settings, seed, i) alone, not on how many are drawn at once. */
export async function sample(model: Model, options: SampleOptions): Promise<Samples> {
  const { backend, classes, ...rest } = options;
  const previews = options.onPreview !== undefined;
  const bound = { weights: model.weights, previews };
  const sampler = await createSampler(model.config, backend, classes.length, { ...rest, ...bound });
  try {
    return await sampler.run(model.weights, classes, rest);
  } finally {
    await sampler.dispose();
  }
}

/** A compiled sampler, for drawing again and again: of other classes, with other seeds, from other weights unless they are bound. */
export interface Sampler {
  readonly settings: SampleSettings;
  /** @throws DitError for other weights than those that were bound */
  run(weights: Weights, classes: readonly number[], options?: RunOptions): Promise<Samples>;
  dispose(): Promise<void>;
}

/** Steps per call of the backend: few enough to report progress and to stop soon, many enough to hide the call. */
const stepsPerCall = 10;

/** @throws ConfigError for settings that contradict each other or the model */
export async function createSampler(
  config: ModelConfig,
  backend: Backend,
  count: number,
  { autoguidance, weights: bound, previews = false, ...overrides }: CreateSamplerOptions = {},
): Promise<Sampler> {
  const settings = settingsFrom(config, overrides);
  checkModel(config);
  requirePossible(config, settings, autoguidance !== undefined);
  if (autoguidance !== undefined) requireGuide(config, autoguidance);
  if (settings.sampler === "dopri5") {
    requireAdaptive(settings, previews);
    return adaptiveSampler(config as ModelConfig<FlowConfig>, backend, count, settings, { autoguidance, bound });
  }
  const table = samplerTable(config, settings);
  const noisy = isNoisy(table);
  const isGuided = guidedRows(settings);
  // Where guidance is off, its second forward pass is not in the graph.
  const boundConstants = bound === undefined ? {} : weightConstants(bound, autoguidance?.weights);
  const compiled = new Map<boolean, { readonly scan: Scan; readonly executable: ScanExecutable }>();
  for (const guided of new Set(table.rows.map(isGuided))) {
    const scan = imageScan(config, guided ? settings : { ...settings, guidance: 1 }, table, count, {
      previews,
      ...(autoguidance && { weaker: autoguidance.config }),
    });
    compiled.set(guided, { scan, executable: await backend.compileScan(scan, { constants: boundConstants }) });
  }
  return {
    settings,
    async run(weights, classes, options = {}) {
      const { seed = 0, firstSample = 0, signal, onStep, onPreview, previewEvery = 1 } = options;
      if (onPreview !== undefined && !previews)
        throw new ConfigError("onPreview is given, but this sampler was created without previews: true");
      requireClasses(config, classes, count);
      requireBound(bound, weights);
      const noiseAt = (stream: string, step: number) => noiseFor(config, count, firstSample, { seed, stream, step });
      const constants: Record<string, Feed> = {
        y: hostI32([count], classes),
        guidance: hostF32([], [settings.guidance]),
      };
      const xsOf = ({ first, count }: SamplingCall) => {
        const draws = Array.from({ length: noisy ? count : 0 }, (_, i) => noiseAt("sampling", first + i));
        return { ...rowFeeds(table, first, count), ...(noisy && { noise: stacked(draws) }) };
      };
      let carry: Feeds = firstCarry(table, noiseAt("start", 0));
      try {
        // Once per run: the weights are the same in every call.
        if (bound === undefined)
          for (const [name, value] of Object.entries(weightConstants(weights, autoguidance?.weights)))
            constants[name] = await backend.upload(value);
        const steps = stepsOf(table.rows);
        const stopEvery = onPreview === undefined ? undefined : previewEvery;
        let stepsDone = 0;
        for (const call of samplingCalls(table.rows, isGuided, stepsPerCall, stopEvery)) {
          signal?.throwIfAborted();
          const result = await compiled.get(call.isGuided)!.executable.run({ constants, carry, xs: xsOf(call) });
          carry = result.carry;
          const hasEndedStep = call.stepsDone > stepsDone;
          stepsDone = call.stepsDone;
          const isShown = hasEndedStep && (stepsDone % previewEvery === 0 || stepsDone === steps);
          if (onPreview !== undefined && isShown) onPreview(stepsDone, await lastOf(result.ys.x0!));
          disposeAll(result.ys);
          if (hasEndedStep) onStep?.(stepsDone, steps);
        }
        const images = (await (carry as DeviceTensors).x!.read()) as HostTensor<"f32">;
        if (!images.data.every(Number.isFinite)) {
          const calls = samplingCalls(table.rows, isGuided, stepsPerCall);
          const again = calls.map((call) => ({ ...compiled.get(call.isGuided)!, xs: () => xsOf(call) }));
          const carry = firstCarry(table, noiseAt("start", 0));
          const origin = await originOf(backend, again, { bound: boundConstants, constants, carry });
          throw new DitError(
            `the images hold values that are no finite numbers; the first is ${origin ?? "not found"}`,
          );
        }
        const remakes = { ...settings, seed, classes, autoguidance: autoguidance !== undefined };
        return { images, settings: remakes };
      } finally {
        disposeAll(carry);
        disposeAll(constants);
      }
    },
    dispose: async () => {
      for (const { executable } of compiled.values()) await executable.dispose();
    },
  };
}

interface ImageScanOptions {
  readonly previews?: boolean;
  readonly weaker?: ModelConfig;
}

/** A sampling run of a DiT as a scan; its constants are the weights, the labels and the guidance scale. */
export function imageScan(
  config: ModelConfig,
  settings: SampleSettings,
  table: SamplerTable,
  count: number,
  { previews = false, weaker }: ImageScanOptions = {},
): Scan {
  const { dit: architecture } = config;
  const network = guidedNetwork(architecture, settings, weaker?.dit);
  return samplerScan({
    name: `${settings.sampler} step`,
    table,
    image: [count, architecture.inChannels, ...architecture.inputSize],
    constants: networkConstants(architecture, count, weaker?.dit),
    clip: settings.clip,
    // What the second half of the output is for matters to no table but those that learned it.
    variance: architecture.learnSigma ? "learnedRange" : "fixedLarge",
    previews,
    network: (constants, x, timestep) => network(constants, x, timestep.broadcastTo([count])),
  });
}

/** The numbers of a whole run. */
export function samplerTable({ diffusion }: ModelConfig, settings: SampleSettings): SamplerTable {
  switch (diffusion.kind) {
    case "diffusion": {
      const levels = noiseLevels(process(diffusion.schedule, diffusion.timesteps), settings.steps, settings);
      const make: MakeSampler = samplers[settings.sampler as SamplerName];
      return make(levels, diffusion, settings);
    }
    case "flow":
      return flowTable(diffusion, settings.sampler as Exclude<FlowSamplerName, "dopri5">, settings);
    default:
      return diffusion satisfies never;
  }
}

/** Where a value of a run that is no finite number comes from: its calls once more, step by step. */
async function originOf(
  backend: Backend,
  calls: readonly { readonly scan: Scan; readonly executable: ScanExecutable; xs(): ReturnType<typeof rowFeeds> }[],
  { constants, carry: start, ...rest }: Omit<Replay, "xs">,
): Promise<string | undefined> {
  let carry: Feeds = start;
  try {
    for (const { scan, executable, xs: xsOf } of calls) {
      const xs = xsOf();
      const origin = await firstNonFinite(backend, scan, { ...rest, constants, carry, xs });
      if (origin !== undefined) return origin;
      const { carry: next, ys } = await executable.run({ constants, carry, xs });
      carry = next;
      disposeAll(ys);
    }
    return undefined;
  } finally {
    disposeAll(carry);
  }
}

/** At which rows the model is guided. */
export function guidedRows({ guidance, guidanceInterval }: SampleSettings): (row: SamplerRow) => boolean {
  if (guidance === 1) return () => false;
  if (guidanceInterval === null) return () => true;
  const [from, to] = guidanceInterval;
  return ({ timestep }) => from <= timestep && timestep <= to;
}

/** The last of tensors stacked over the steps of a call. */
async function lastOf(stack: DeviceTensor): Promise<HostTensor<"f32">> {
  const { shape, data } = (await stack.read()) as HostTensor<"f32">;
  const size = data.length / shape[0]!;
  return hostF32(shape.slice(1), data.subarray(data.length - size));
}

function stacked(tensors: readonly HostTensor<"f32">[]): HostTensor<"f32"> {
  const out = hostZeros("f32", [tensors.length, ...tensors[0]!.shape]);
  tensors.forEach(({ data }, i) => {
    out.data.set(data, i * data.length);
  });
  return out;
}
