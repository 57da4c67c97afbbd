import { blockDefaults, conditionings, mlpNames, normNames } from "@dit/core";
import { z } from "zod";

/** How the blocks are built; the defaults are the paper's. */
export const blockConfigSchema = z.strictObject({
  conditioning: z
    .enum(conditionings)
    .default(blockDefaults.conditioning)
    .describe("How the blocks are told timestep and class: the paper's four designs, of which adaLNZero is its best"),
  norm: z.enum(normNames).default(blockDefaults.norm).describe("Kind of norm; rms is RMSNorm"),
  mlp: z.enum(mlpNames).default(blockDefaults.mlp).describe("Kind of MLP; swiglu has gated hidden units"),
  qkNorm: z.boolean().default(blockDefaults.qkNorm).describe("Normalise queries and keys head by head"),
  rope: z
    .boolean()
    .default(blockDefaults.rope)
    .describe("Turn queries and keys by rows and columns, beside the positional table"),
  registerTokens: z
    .int()
    .min(0)
    .default(blockDefaults.registerTokens)
    .describe("Learned tokens that join the image's in the blocks"),
});
