import { type BlockOptions, blockDefaults, ConfigError, type ModelConfig } from "@dit/core";
import type { TrainConfig } from "../config/trainConfig";
import type { Dataset } from "../data/dataset";
import type { Checkpoint } from "./checkpoint";

/** @throws ConfigError when the settings or the images changed so much that the run would not be the same one any more */
export function requireContinuation(
  { train: { steps } }: TrainConfig,
  model: ModelConfig,
  data: Dataset,
  { config, notes }: Checkpoint,
): void {
  requireSameShape(model, config, "the checkpoint");
  const [wanted, given]: Record<string, unknown>[] = [{ ...model.diffusion }, { ...config.diffusion }];
  const key = Object.keys(wanted!).find((name) => JSON.stringify(wanted![name]) !== JSON.stringify(given![name]));
  if (key !== undefined) {
    throw new ConfigError(`the checkpoint was trained with ${key} ${given![key]}, this run's is ${wanted![key]}`);
  }
  if (steps < notes.step) {
    throw new ConfigError(`train.steps is ${steps}, but the run has taken ${notes.step} steps already`);
  }
  if (data.fingerprint !== notes.data) {
    throw new ConfigError(
      `${data.name} does not hold the training images that this run was saved with (data, imageSize and validation decide them); to train on others, start a new run with --init`,
    );
  }
}

const shapes = [
  "inputSize",
  "inChannels",
  "patchSize",
  "hiddenSize",
  "depth",
  "heads",
  "mlpRatio",
  "numClasses",
  "learnSigma",
  ...(Object.keys(blockDefaults) as (keyof BlockOptions)[]),
] as const;

/** @throws ConfigError when the weights of one model do not fit the other */
export function requireSameShape({ dit: wanted }: ModelConfig, { dit: given }: ModelConfig, which: string): void {
  const key = shapes.find((name) => String(wanted[name]) !== String(given[name]));
  if (key !== undefined) {
    throw new ConfigError(`${which} is a model of ${key} ${given[key]}, this run's is ${wanted[key]}`);
  }
  // The label table has a row more where labels are dropped.
  if (wanted.classDropout > 0 !== given.classDropout > 0) {
    throw new ConfigError(
      `${which} is a model of classDropout ${given.classDropout}, this run's is ${wanted.classDropout}: either both drop labels or neither does`,
    );
  }
}
