import { type DecayName, decays, ditPresets, samplerNames, samplersOf, spacingNames, widestEma } from "@dit/core";
import { z } from "zod";
import { guidanceScale } from "../sample/guidanceScale";
import { backendConfigSchema } from "./backendConfig";
import { blockConfigSchema } from "./blockConfig";
import { objectiveConfigSchema } from "./objectiveConfig";

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

const ema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("constant").describe("forgets at one rate"),
    decay: fraction
      .default(0.9999)
      .describe("What the average keeps in each step; 0.9999 in the paper, less for short runs"),
    warmup: z.boolean().default(false).describe("Begin with a lower decay, which forgets the first weights sooner"),
  }),
  z.strictObject({
    kind: z.literal("power").describe("reaches back over a fixed share of the run so far"),
    sigmaRel: positive
      .max(widestEma)
      .default(0.1)
      .describe("Width of the average as a share of the steps trained; usually 0.05 to 0.15"),
  }),
]);

const train = z.strictObject({
  steps: count.default(10_000).describe("Optimiser steps; the paper's comparisons take 400,000"),
  batchSize: count.default(64).describe("Images in a step; the paper's 256 is slow on a CPU"),
  learningRate: positive.default(1e-4).describe("AdamW's step size; 1e-4 in the paper at every size"),
  warmup: z.int().min(0).default(0).describe("Steps over which the learning rate rises from 0; the paper needs none"),
  decay: z
    .enum(Object.keys(decays) as DecayName[])
    .default("constant")
    .describe("The learning rate after the warm-up; constant in the paper; cosine, linear and wsd end at 0"),
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
  ema: ema
    .default({ kind: "constant", decay: 0.9999, warmup: false })
    .describe("How the averaged weights, which draw the samples, forget"),
  accumulate: count
    .default(1)
    .describe("Parts that a batch goes through one after the other, in the memory of one; changes results by rounding"),
  checkpoint: z
    .boolean()
    .default(false)
    .describe("Compute each block again in the backward pass instead of keeping it: a third slower, far less memory"),
  precision: z
    .enum(["f32", "f16", "bf16"])
    .default("f32")
    .describe("What the network computes in; weights, optimiser and loss stay in f32"),
  seed: z.int().min(0).default(0).describe("Decides initial weights, noise, data order and dropped labels"),
  stepsPerCall: count
    .default(20)
    .describe("Steps that run on the device before the host looks at them; changes speed, not results"),
});

const sample = z.strictObject({
  everySteps: count.default(1000).describe("Draw sample pictures after every so many steps"),
  sampler: z
    .enum(samplerNames)
    .nullable()
    .default(null)
    .describe("null takes ddim, which needs fewer steps than the paper's ddpm (250), or heun2 for a flow"),
  steps: count.default(50).describe("Sampling steps to a picture"),
  spacing: z.enum(spacingNames).default("official").describe("Which noise levels the steps visit"),
  guidance: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe("Classifier-free guidance scale; null takes 1.5, the paper's best, or 1 (none) without dropped labels"),
  guidanceChannels: z
    .union([z.literal("all"), z.literal(3)])
    .default("all")
    .describe("Channels that are guided; the official code guides the first 3 of its 4 latent channels"),
  guidanceInterval: z
    .tuple([z.number().min(0), z.number().min(0)])
    .nullable()
    .default(null)
    .describe("First and last timestep at which pictures are guided; null guides at all, as in the paper"),
  guidanceRescale: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("How far guidance is kept from raising contrast; 0 leaves it alone, as in the paper"),
  clip: z.boolean().default(true).describe("Clip predicted images to [-1, 1]; latents never are"),
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
      .regex(/^(digits(:test)?|(folder|latents):.+)$/)
      .default("digits")
      .meta({
        allowed: '"digits", "digits:test", "folder:DIR" or "latents:DIR"',
        description: "Images: MNIST digits, a folder with one sub-folder per class, or what dit encode made of either",
      }),
    vae: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("Autoencoder whose latents are trained on, as in the paper; null trains on pixels"),
    validation: fraction
      .default(0.02)
      .describe("Fraction of the images held out to measure the validation loss; 0 measures none"),
    backend: backendConfigSchema.default({ kind: "ort", provider: "cpu", threads: null }).describe("What computes"),
    model: z
      .union([z.enum(ditPresets), customModel])
      .default("DiT-S/4")
      .describe("A preset of the paper, or sizes of your own"),
    block: blockConfigSchema.prefault({}),
    classConditional: z
      .boolean()
      .default(true)
      .describe("Tell the model each image's class; false trains an unconditional model, without labels"),
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
    diffusion: objectiveConfigSchema.prefault({ kind: "diffusion" }),
    train: train.prefault({}),
    sample: sample.prefault({}),
    checkpoint: checkpoint.prefault({}),
    log: log.prefault({}),
    init: z.string().min(1).nullable().default(null).describe("Checkpoint to take initial weights from (fine-tuning)"),
  })
  .superRefine((config, context) => {
    const reject = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    const { diffusion, learnSigma, sample } = config;
    switch (diffusion.kind) {
      case "diffusion":
        if (diffusion.loss === "hybrid" && !learnSigma) {
          const remedy = 'set learnSigma to true, or loss to "mse"';
          reject(["diffusion", "loss"], `is "hybrid", which trains the variance: ${remedy}`);
        }
        if (diffusion.loss === "mse" && learnSigma) {
          const remedy = 'set learnSigma to false, or loss to "hybrid"';
          reject(["diffusion", "loss"], `is "mse", which leaves the variance untrained: ${remedy}`);
        }
        if (sample.steps > diffusion.timesteps) {
          reject(["sample", "steps"], `is ${sample.steps}, more than diffusion.timesteps (${diffusion.timesteps})`);
        }
        break;
      case "flow":
        if (diffusion.prediction === "velocity" && diffusion.weighting !== "none") {
          const remedy = 'set it to "none", or prediction to "noise" or "score"';
          reject(["diffusion", "weighting"], `is "${diffusion.weighting}", but a velocity is not weighted: ${remedy}`);
        }
        break;
      default:
        diffusion satisfies never;
    }
    if (config.data.startsWith("latents:") && config.vae === null) {
      reject(["vae"], `is null, but data is "${config.data}": set it to the autoencoder that these latents are of`);
    }
    const known = samplersOf(diffusion);
    if (sample.sampler !== null && !known.includes(sample.sampler)) {
      reject(
        ["sample", "sampler"],
        `is "${sample.sampler}", which is none of a ${diffusion.kind} model's (${known.join(", ")})`,
      );
    }
    const { guidanceInterval, guidanceRescale } = sample;
    const classDropout = config.classConditional ? config.classDropout : 0;
    const guidance = guidanceScale(sample.guidance, { classDropout });
    const unguided = !config.classConditional
      ? "an unconditional model has no classes to be guided to"
      : classDropout === 0
        ? "with classDropout 0 nothing learns to draw without a label"
        : undefined;
    if (unguided !== undefined && guidance !== 1) {
      reject(["sample", "guidance"], `is ${guidance}, but ${unguided}: set it to 1`);
    }
    if (guidance === 1 && (guidanceInterval !== null || guidanceRescale !== 0)) {
      const key = guidanceInterval !== null ? "guidanceInterval" : "guidanceRescale";
      reject(["sample", key], `is set, but ${unguided ?? "guidance 1 is none: set another scale"}`);
    }
    if (guidanceInterval !== null && guidanceInterval[0] > guidanceInterval[1]) {
      reject(["sample", "guidanceInterval"], `is [${guidanceInterval}]: its first timestep lies above its last`);
    }
    if (config.train.batchSize % config.train.accumulate !== 0) {
      reject(
        ["train", "accumulate"],
        `is ${config.train.accumulate}, which does not divide train.batchSize (${config.train.batchSize})`,
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
  });

/** A complete training configuration. */
export type TrainConfig = z.output<typeof trainConfigSchema>;
