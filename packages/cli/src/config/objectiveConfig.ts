import { flowPredictions, flowWeightings, paths, timeSamplings, weightings } from "@dit/core";
import { z } from "zod";

/** The names of a table's rows, so that a new row is a new setting. */
const namesOf = <T extends object>(table: T) => Object.keys(table) as (keyof T & string)[];

const timeSampling = z
  .enum(namesOf(timeSamplings))
  .default("uniform")
  .describe("How training times are drawn; logitNormal takes the middle more often than the ends");

const chain = z.strictObject({
  kind: z.literal("diffusion").default("diffusion").describe("a chain of noising steps, as in the paper"),
  timesteps: z.int().min(1).default(1000).describe("Steps of the noising process; 1000 in the paper"),
  schedule: z
    .enum(["linear", "cosine", "scaledLinear"])
    .default("linear")
    .describe("Noise schedule; the paper trains with linear betas"),
  prediction: z.enum(["eps", "x0", "v"]).default("eps").describe("What the network predicts; the noise in the paper"),
  loss: z
    .enum(["hybrid", "mse"])
    .default("hybrid")
    .describe("hybrid: squared error plus the variational term that trains the variance"),
  weighting: z
    .enum(["none", ...namesOf(weightings)])
    .default("none")
    .describe("What a step's squared error counts, by its signal-to-noise ratio; alike in the paper"),
  timeSampling,
});

const flow = z.strictObject({
  kind: z.literal("flow").describe("flow matching from noise to data, as in SiT"),
  path: z.enum(namesOf(paths)).default("linear").describe("The way from noise to data"),
  prediction: z.enum(namesOf(flowPredictions)).default("velocity").describe("What the network predicts of the path"),
  weighting: z
    .enum(namesOf(flowWeightings))
    .default("none")
    .describe("What the error of a noise or score prediction counts at each time"),
  timeSampling,
});

/** What a model learns to predict, and by which loss. */
export const objectiveConfigSchema = z.discriminatedUnion("kind", [chain, flow]);
