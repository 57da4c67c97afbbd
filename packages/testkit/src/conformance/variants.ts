import {
  type Backend,
  backward,
  bindParams,
  conditionings,
  type Dataset,
  type DiTConfig,
  diffusionDefaults,
  dit,
  ditConfig,
  ditSpec,
  type F32,
  f32,
  type Graph,
  hostF32,
  i32,
  labelCount,
  type Model,
  outChannels,
  paramTypes,
  reference,
  sample,
  trace,
  train,
} from "@dit/core";
import { formulaInput, formulaInts, formulaParameters, formulaWeights } from "../formula";
import { expectClose, expectedOf, runOn } from "./runs";
import type { Suite } from "./suite";

const size = { inputSize: [4, 4], inChannels: 2, hiddenSize: 16, depth: 2, heads: 2, numClasses: 3 } as const;

/** What is asked of each of the four designs. */
const variations: Readonly<Record<string, Partial<DiTConfig>>> = {
  "as in the paper": {},
  "with RMS norms": { norm: "rms" },
  "with SwiGLU": { mlp: "swiglu" },
  "with normalised queries and keys": { qkNorm: true },
  "with rotary positions": { rope: true },
  "with register tokens": { registerTokens: 2 },
  "with every option": { norm: "rms", mlp: "swiglu", qkNorm: true, rope: true, registerTokens: 1 },
  "without classes": { numClasses: 0 },
  "of a wide image, one channel, no variance": { inputSize: [4, 8], inChannels: 1, learnSigma: false },
};

const samples = 2;

/** Every design of a block with every option: forward pass and gradients, against the reference. */
export function testVariants({ check, tolerance }: Suite): void {
  for (const conditioning of conditionings) {
    for (const [about, changes] of Object.entries(variations)) {
      const config = ditConfig(undefined, { ...size, ...changes, conditioning });
      check(`a ${conditioning} DiT ${about}, and its gradients`, async (backend) => {
        const graph = forwardAndGradients(config);
        const feeds = feedsOf(config);
        expectClose(await runOn(backend, graph, feeds), await expectedOf(graph, feeds), 10 * tolerance);
      });
    }
  }

  check("training an unconditional model of wide images", async (backend) => {
    const { config } = modelOf({ numClasses: 0, inputSize: [4, 8], conditioning: "crossAttention" });
    const losses = async (where: Backend) => {
      const seen: number[] = [];
      const onMetrics = ({ loss }: { loss: number }) => seen.push(loss);
      await train({ model: config, data: wideImages, backend: where, steps: 4, batchSize: 3, onMetrics });
      return { losses: hostF32([4], seen) };
    };
    expectClose(await losses(backend), await losses(reference()), 10 * tolerance);
  });

  check("four steps of an unconditional model", async (backend) => {
    const model: Model = modelOf({ numClasses: 0, conditioning: "inContext" });
    const settings = { classes: [0, 0], steps: 4, guidance: 1, seed: 2, clip: true };
    const { images } = await sample(model, { ...settings, backend });
    const expected = await sample(model, { ...settings, backend: reference() });
    expectClose({ images }, { images: expected.images }, 100 * tolerance);
  });
}

/** Its labels are of no model: an unconditional one does not read them. */
const wideImages: Dataset = {
  imageShape: [2, 4, 8],
  classNames: ["a", "b"],
  size: 5,
  flip: true,
  label: (index) => index % 2,
  read: (index, out, offset) => out.set(formulaInput(`wide ${index}`, [2, 4, 8]).data, offset),
};

function modelOf(options: Partial<DiTConfig>): Model {
  const config = ditConfig(undefined, { ...size, ...options });
  return { config: { dit: config, diffusion: diffusionDefaults }, weights: formulaWeights(config) };
}

/** The output, and the gradients of its elements' weighted sum with respect to the image and every trained parameter. */
function forwardAndGradients(config: DiTConfig): Graph {
  const spec = ditSpec(config);
  const { trained, fixed } = paramTypes(spec);
  const image = f32([samples, config.inChannels, ...config.inputSize]);
  const output = f32([samples, outChannels(config), ...config.inputSize]);
  const signature = { params: trained, fixed, x: image, t: f32([samples]), y: i32([samples]), dy: output };
  return trace("forward and gradients", signature, ({ params, fixed, x, t, y, dy }) => {
    const value = dit(bindParams(spec, { ...params, ...fixed }), x, t, y, config);
    const gradients = backward(value, dy, [x, ...Object.values<F32>(params)]);
    const names = ["x", ...Object.keys(params)];
    return { output: value, d: Object.fromEntries(names.map((name, i) => [name, gradients[i]!])) };
  });
}

function feedsOf(config: DiTConfig) {
  const spec = ditSpec(config);
  const { fixed } = paramTypes(spec);
  const weights = Object.entries(formulaParameters(spec)).map(([name, value]) => [
    `${name in fixed ? "fixed" : "params"}.${name}`,
    value,
  ]);
  return {
    ...Object.fromEntries(weights),
    x: formulaInput("x", [samples, config.inChannels, ...config.inputSize]),
    dy: formulaInput("dy", [samples, outChannels(config), ...config.inputSize]),
    t: { dtype: "f32", shape: [samples], data: Float32Array.of(17, 640) },
    y: formulaInts("y", [samples], labelCount(config)),
  };
}
