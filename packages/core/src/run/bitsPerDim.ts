import { priorBitsPerDim, stepBitsPerDim } from "../define/diffusion/bitsPerDim";
import type { DiffusionConfig } from "../define/diffusion/config";
import { type Process, process } from "../define/diffusion/process";
import { dit, ditSpec } from "../define/dit/dit";
import { checkModel, type Model, type ModelConfig } from "../define/model";
import { bindParams, paramTypes } from "../define/params";
import { ConfigError } from "../ir/errors";
import type { Graph } from "../ir/graph";
import { type HostTensor, hostI32 } from "../ir/hostTensor";
import { sameShape } from "../ir/shape";
import type { F32, I32 } from "../ir/tensor";
import { f32, i32 } from "../trace/signature";
import { trace } from "../trace/trace";
import type { Backend, DeviceTensor, Feed } from "./backend";
import { noiseFor, requireClasses } from "./drawing";
import { disposeAll } from "./feeds";

export interface BitsPerDimOptions {
  /** One label per image. */
  readonly classes: readonly number[];
  /** Steps to which the chain is respaced: fewer are quicker, and bound more loosely. All by default. */
  readonly steps?: number;
  /** Whether implied images are clamped to [-1, 1], as befits pixels. */
  readonly clip?: boolean;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** An upper bound of the bits that a model needs for each dimension of an image, and of what it is made up. */
export interface BitsPerDim {
  /** Of each image: the end of the chain and all of its steps together. */
  readonly total: Float32Array;
  /** What the end of the chain costs. */
  readonly prior: Float32Array;
  /** What each step costs, by step and image: the noisiest step first. */
  readonly perStep: readonly Float32Array[];
}

/**
 * The variational bound of images' likelihood under a diffusion model, in bits per dimension (Ho et al. 2020, section
 * 2): every step of the chain, each with one draw of noise. images: [N, C, I, J], in [-1, 1] for the last bits to mean
 * 8-bit images.
 * @throws ConfigError for a flow, or where images and classes do not fit the model
 */
export async function bitsPerDim(
  { config, weights }: Model,
  images: HostTensor<"f32">,
  backend: Backend,
  { classes, steps, clip = true, seed = 0, signal }: BitsPerDimOptions,
): Promise<BitsPerDim> {
  const model = requireDiffusion(config);
  checkModel(model);
  const count = classes.length;
  requireImages(model, images, count);
  requireClasses(config, classes, count);
  const { schedule, timesteps } = model.diffusion;
  const chain = process(schedule, timesteps, steps === undefined ? "" : String(steps));
  const executable = await backend.compile(bitsPerDimGraph(model, chain, count, { clip }));
  const constants: Record<string, Feed> = { x0: images, y: hostI32([count], classes) };
  const perStep: Float32Array[] = [];
  try {
    for (const [name, value] of Object.entries(weights)) constants[`params.${name}`] = await backend.upload(value);
    for (let step = chain.steps - 1; step >= 0; step--) {
      signal?.throwIfAborted();
      const noise = noiseFor(config, count, 0, { seed, stream: "bitsPerDim", step });
      const outputs = await executable.run({ ...constants, noise, step: repeated(step, count) });
      perStep.push(await floats(outputs.bits!));
      disposeAll(outputs);
    }
  } finally {
    disposeAll(constants);
    await executable.dispose();
  }
  const prior = await priorOf(chain, images, backend);
  const total = prior.map((bits, i) => perStep.reduce((sum, terms) => sum + terms[i]!, bits));
  return { total, prior, perStep };
}

/** One step's terms: `stepBitsPerDim` of the weights `params` for images x0, noise [N, C, I, J] at step, of labels y [N]. */
export function bitsPerDimGraph(
  { dit: architecture, diffusion }: ModelConfig<DiffusionConfig>,
  chain: Process,
  count: number,
  options: { readonly clip: boolean },
): Graph {
  const spec = ditSpec(architecture);
  const image = f32([count, architecture.inChannels, ...architecture.inputSize]);
  const signature = { params: paramTypes(spec).all, x0: image, noise: image, step: i32([count]), y: i32([count]) };
  return trace("bits per dimension", signature, ({ params, y, ...noised }) => {
    const bound = bindParams(spec, params);
    const predict = (xt: F32, t: I32) => dit(bound, xt, t.cast("f32"), y, architecture);
    return stepBitsPerDim(chain, diffusion, predict, noised, options);
  });
}

async function priorOf(chain: Process, images: HostTensor<"f32">, backend: Backend): Promise<Float32Array> {
  const count = images.shape[0]!;
  const graph = trace("prior bits per dimension", { x0: f32(images.shape), step: i32([count]) }, ({ x0, step }) => ({
    bits: priorBitsPerDim(chain, x0, step),
  }));
  const executable = await backend.compile(graph);
  try {
    const outputs = await executable.run({ x0: images, step: repeated(chain.steps - 1, count) });
    const bits = await floats(outputs.bits!);
    disposeAll(outputs);
    return bits;
  } finally {
    await executable.dispose();
  }
}

async function floats(tensor: DeviceTensor): Promise<Float32Array> {
  return ((await tensor.read()) as HostTensor<"f32">).data;
}

function repeated(value: number, count: number): HostTensor<"i32"> {
  return hostI32([count], new Array<number>(count).fill(value));
}

function requireDiffusion({ diffusion, ...rest }: ModelConfig): ModelConfig<DiffusionConfig> {
  if (diffusion.kind === "diffusion") return { diffusion, ...rest };
  throw new ConfigError(
    `bits per dimension bound the likelihood under a diffusion chain; this is a ${diffusion.kind} model`,
  );
}

function requireImages({ dit }: ModelConfig, { shape }: HostTensor, count: number): void {
  const wanted = [count, dit.inChannels, ...dit.inputSize];
  if (!sameShape(shape, wanted))
    throw new ConfigError(`images are [${shape}]; ${count} classes and this model want [${wanted}]`);
}
