import { ditPresets } from "@dit/core";
import { z } from "zod";

const count = z.int().min(1);
const fraction = z.number().min(0).lt(1);
const positive = z.number().positive();

const customModel = z.strictObject({
  patchSize: count.describe("Pixels (or latents) to a side of one token"),
  hiddenSize: count.describe("Width of a token; a multiple of heads"),
  depth: count.describe("Number of blocks"),
  heads: count.describe("Attention heads in a block"),
  mlpRatio: positive.default(4).describe("Width of the MLP in units of hiddenSize; 4 in the paper"),
});

const backend = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ort").describe("onnxruntime"),
    provider: z.enum(["cpu"]).default("cpu").describe("The execution provider"),
    threads: count.nullable().default(null).describe("Threads of one operation; null leaves it to onnxruntime"),
  }),
  z.strictObject({
    kind: z.literal("tfjs").describe("TensorFlow.js"),
    device: z
      .enum(["cpu", "wasm", "webgpu"])
      .default("wasm")
      .describe("Where TensorFlow.js computes; webgpu wants a GPU and the package webgpu, cpu is slow"),
    precision: z.literal("f32").default("f32").meta({
      allowed: '"f32": TensorFlow.js has no half precision',
      description: "What numbers are held in",
    }),
  }),
  z.strictObject({ kind: z.literal("reference").describe("The float64 oracle: slow, exact, for checking") }),
]);

const diffusion = z.strictObject({
  timesteps: count.default(1000).describe("Steps of the noising process; 1000 in the paper"),
  schedule: z
    .enum(["linear", "cosine"])
    .default("linear")
    .describe("Noise schedule; the paper trains with linear betas"),
  prediction: z.enum(["eps", "x0", "v"]).default("eps").describe("What the network predicts; the noise in the paper"),
  loss: z
    .enum(["hybrid", "mse"])
    .default("hybrid")
    .describe("hybrid: squared error plus the variational term that trains the variance"),
});

const train = z.strictObject({
  steps: count.default(10_000).describe("Optimiser steps; the paper's comparisons take 400,000"),
  batchSize: count.default(64).describe("Images in a step; the paper's 256 is slow on a CPU"),
  learningRate: positive.default(1e-4).describe("AdamW's step size; 1e-4 in the paper at every size"),
  warmup: z.int().min(0).default(0).describe("Steps over which the learning rate rises from 0; the paper needs none"),
  decay: z
    .enum(["constant", "cosine"])
    .default("constant")
    .describe("The learning rate after the warm-up; cosine ends at 0"),
  weightDecay: z.number().min(0).default(0).describe("Decoupled weight decay; none in the paper"),
  betas: z
    .tuple([fraction, fraction])
    .default([0.9, 0.999])
    .describe("AdamW's averaging of gradients and of their squares"),
  eps: positive.default(1e-8).describe("AdamW's guard against division by zero"),
  gradientClip: positive
    .nullable()
    .default(null)
    .describe("Largest norm of the gradient; null does not clip, as in the paper"),
  emaDecay: fraction
    .default(0.9999)
    .describe("Decay of the averaged weights that draw the samples; 0.9999 in the paper, less for short runs"),
  seed: z.int().min(0).default(0).describe("Decides initial weights, noise, data order and dropped labels"),
  stepsPerCall: count
    .default(20)
    .describe("Steps that run on the device before the host looks at them; changes speed, not results"),
});

const sample = z.strictObject({
  everySteps: count.default(1000).describe("Draw sample pictures after every so many steps"),
  sampler: z.enum(["ddim", "ddpm"]).default("ddim").describe("ddim needs fewer steps than the paper's ddpm (250)"),
  steps: count.default(50).describe("Network evaluations to a picture"),
  guidance: z
    .number()
    .min(0)
    .default(1.5)
    .describe("Classifier-free guidance scale; 1 is none, 1.5 gave the paper's best FID"),
  guidanceChannels: z
    .union([z.literal("all"), z.literal(3)])
    .default("all")
    .describe("Channels that are guided; the official code guides the first 3 of its 4 latent channels"),
  clip: z.boolean().default(true).describe("Clip predicted images to [-1, 1]: right for pixels, wrong for latents"),
  perClass: count.default(4).describe("Pictures of each class in a sample grid"),
});

const checkpoint = z.strictObject({
  everySteps: count.default(1000).describe("Save after every so many steps: what a killed run can lose at most"),
  keepLast: count.default(2).describe("How many of the newest checkpoints stay"),
  keepEvery: count.nullable().default(null).describe("Also keep each checkpoint whose step is a multiple of this"),
  best: z.boolean().default(true).describe("Also keep the checkpoint with the lowest validation loss"),
});

const log = z.strictObject({
  everySteps: count.default(50).describe("Write a line of metrics after every so many steps"),
});

/** Everything that decides a training run. Strict: an unknown key is an error. Every key has a default, and `null` is "off" or "decided later". */
export const trainConfigSchema = z
  .strictObject({
    name: z.string().min(1).default("run").describe("The run's folder inside runs/"),
    data: z
      .string()
      .regex(/^(digits(:test)?|folder:.+)$/)
      .default("digits")
      .meta({
        allowed: '"digits", "digits:test" or "folder:DIR"',
        description: "Images: MNIST digits, or a folder with one sub-folder per class",
      }),
    validation: fraction
      .default(0.02)
      .describe("Fraction of the images held out to measure the validation loss; 0 measures none"),
    backend: backend.default({ kind: "ort", provider: "cpu", threads: null }).describe("What computes"),
    model: z
      .union([z.enum(ditPresets), customModel])
      .default("DiT-S/4")
      .describe("A preset of the paper, or sizes of your own"),
    learnSigma: z.boolean().default(true).describe("Also predict the variance of each sampling step, as in the paper"),
    classDropout: fraction
      .default(0.1)
      .describe("How often a label is hidden in training, which guidance needs; 0.1 in the paper"),
    labelInit: z
      .number()
      .min(0)
      .default(0.02)
      .describe("Standard deviation of the initial label table; 0.02 in the official code"),
    imageSize: count
      .nullable()
      .default(null)
      .describe("Height and width of the images in pixels; null takes the dataset's own"),
    diffusion: diffusion.prefault({}),
    train: train.prefault({}),
    sample: sample.prefault({}),
    checkpoint: checkpoint.prefault({}),
    log: log.prefault({}),
    init: z.string().min(1).nullable().default(null).describe("Checkpoint to take initial weights from (fine-tuning)"),
  })
  .superRefine((config, context) => {
    const reject = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    if (config.diffusion.loss === "hybrid" && !config.learnSigma) {
      reject(["diffusion", "loss"], 'is "hybrid", which trains the variance: set learnSigma to true, or loss to "mse"');
    }
    if (config.diffusion.loss === "mse" && config.learnSigma) {
      reject(
        ["diffusion", "loss"],
        'is "mse", which leaves the variance untrained: set learnSigma to false, or loss to "hybrid"',
      );
    }
    if (config.sample.steps > config.diffusion.timesteps) {
      reject(
        ["sample", "steps"],
        `is ${config.sample.steps}, more than diffusion.timesteps (${config.diffusion.timesteps})`,
      );
    }
    if (config.train.warmup > config.train.steps) {
      reject(["train", "warmup"], `is ${config.train.warmup}, more than train.steps (${config.train.steps})`);
    }
    if (typeof config.model !== "string" && config.model.hiddenSize % config.model.heads !== 0) {
      reject(
        ["model", "heads"],
        `is ${config.model.heads}, which does not divide hiddenSize (${config.model.hiddenSize})`,
      );
    }
    if (config.classDropout === 0 && config.sample.guidance !== 1) {
      reject(
        ["sample", "guidance"],
        `is ${config.sample.guidance}, but with classDropout 0 nothing learns to draw without a label: set it to 1`,
      );
    }
  });

/** A complete training configuration. */
export type TrainConfig = z.output<typeof trainConfigSchema>;
