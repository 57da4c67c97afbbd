import { ConfigError, messageOf } from "@dit/core";
import { reconstructionLosses, vaeObjectiveDefaults } from "@dit/vae";
import { z } from "zod";
import { configOf } from "../run/continued";
import { backendConfigSchema } from "./backendConfig";
import { readJsonObject } from "./configFile";
import { requireSchema } from "./requireSchema";

const count = z.int().min(1);

/** Everything that decides the training of an autoencoder; `config.json` of its run. */
export const vaeRunConfigSchema = z.strictObject({
  kind: z.literal("vae"),
  name: z.string().min(1).default("vae"),
  data: z.string().default("digits"),
  imageSize: count.nullable().default(null),
  backend: backendConfigSchema.default({ kind: "ort", provider: "cpu", threads: null }),
  model: z
    .strictObject({
      /** Channels of each level, the finest first; each level but the last halves the sides. */
      widths: z.array(count).min(1).default([32, 64, 64]),
      /** Residual blocks of a level. */
      layers: count.default(1),
      latentChannels: count.default(4),
    })
    .prefault({}),
  objective: z
    .strictObject({
      reconstruction: z.enum(reconstructionLosses).default(vaeObjectiveDefaults.reconstruction),
      klWeight: z.number().min(0).default(vaeObjectiveDefaults.klWeight),
    })
    .prefault({}),
  train: z
    .strictObject({
      steps: count.default(1000),
      batchSize: count.default(32),
      learningRate: z.number().positive().default(1e-3),
      seed: z.int().min(0).default(0),
    })
    .prefault({}),
  /** Pictures of reconstructions. */
  sample: z.strictObject({ everySteps: count.default(100) }).prefault({}),
  checkpoint: z.strictObject({ everySteps: count.default(100), keepLast: count.default(1) }).prefault({}),
  log: z.strictObject({ everySteps: count.default(10) }).prefault({}),
});

export type VaeRunConfig = z.output<typeof vaeRunConfigSchema>;

/** What is not given. */
export const vaeRunDefaults: VaeRunConfig = vaeRunConfigSchema.parse({ kind: "vae" });

/** The text of a run's `config.json`. */
export function vaeRunText(config: VaeRunConfig): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

/**
 * The settings of an autoencoder's run; undefined for one of a DiT.
 * @throws ConfigError when the folder is no run, or its settings cannot be read
 */
export function readVaeRun(folder: string): VaeRunConfig | undefined {
  const file = configOf(folder);
  const value = readJsonObject(file);
  try {
    return value.kind === "vae" ? requireSchema(vaeRunConfigSchema, value) : undefined;
  } catch (cause) {
    throw new ConfigError(`${file}: ${messageOf(cause)}`, { cause });
  }
}

/** Who said what, by dotted key: `default`, or `flag`. */
export function vaeRunOrigins(config: VaeRunConfig): Record<string, string> {
  const defaults = leaves(vaeRunDefaults);
  return Object.fromEntries(
    Object.entries(leaves(config)).map(([key, value]) => [
      key,
      JSON.stringify(value) === JSON.stringify(defaults[key]) ? "default" : "flag",
    ]),
  );
}

function leaves(tree: object, prefix = ""): Record<string, unknown> {
  return Object.assign(
    {},
    ...Object.entries(tree).map(([key, value]: [string, unknown]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? leaves(value, `${prefix}${key}.`)
        : { [`${prefix}${key}`]: value },
    ),
  );
}
