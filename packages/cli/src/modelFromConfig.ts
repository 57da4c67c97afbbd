import {
  type Dataset,
  type DiTConfig,
  ditConfig,
  type ModelConfig,
  type ObjectiveConfig,
  objectiveConfig,
} from "@dit/core";
import type { TrainConfig } from "./config/trainConfig";

/** The model that a training config describes, for the images that it is trained on. */
export function modelFromConfig(config: TrainConfig, data: Pick<Dataset, "imageShape" | "classNames">): ModelConfig {
  const [inChannels, height, width] = data.imageShape;
  const { classConditional, model } = config;
  const images = { inputSize: [height, width] as const, inChannels };
  const labels = classConditional ? { numClasses: data.classNames.length } : {};
  const options = { ...images, ...labels, ...architectureFrom(config) };
  return {
    dit: typeof model === "string" ? ditConfig(model, options) : ditConfig(undefined, { ...model, ...options }),
    diffusion: objectiveFrom(config),
    ...(classConditional ? { classNames: data.classNames } : {}),
  };
}

/** What a training config says of the network whatever the images are. */
export function architectureFrom(config: TrainConfig): Partial<DiTConfig> {
  const { learnSigma, classDropout, classConditional, labelInit: labelStd, block } = config;
  return { learnSigma, labelStd, ...(classConditional ? { classDropout } : { numClasses: 0 }), ...block };
}

export function objectiveFrom({ diffusion, learnSigma }: TrainConfig): ObjectiveConfig {
  switch (diffusion.kind) {
    case "diffusion": {
      // Where the variance is learned, core's `mse` is what this config calls `hybrid`.
      const { loss: _, ...rest } = diffusion;
      return objectiveConfig({ ...rest, variance: learnSigma ? "learnedRange" : "fixedLarge" });
    }
    case "flow":
      return objectiveConfig(diffusion);
    default:
      return diffusion satisfies never;
  }
}
