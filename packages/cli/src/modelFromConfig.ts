import { type Dataset, diffusionDefaults, ditConfig, type ModelConfig } from "@dit/core";
import type { TrainConfig } from "./config/trainConfig";

/** The model that a training config describes, for the images that it is trained on. */
export function modelFromConfig(config: TrainConfig, data: Dataset): ModelConfig {
  const [inChannels, height, width] = data.imageShape;
  const { learnSigma, classDropout, labelInit: labelStd, model } = config;
  const sizes = { inputSize: [height, width] as const, inChannels, numClasses: data.classNames.length };
  const options = { ...sizes, learnSigma, classDropout, labelStd };
  const { timesteps, schedule, prediction } = config.diffusion;
  return {
    dit: typeof model === "string" ? ditConfig(model, options) : ditConfig(undefined, { ...model, ...options }),
    diffusion: {
      ...diffusionDefaults,
      timesteps,
      schedule,
      prediction,
      variance: learnSigma ? "learnedRange" : "fixedLarge",
    },
    classNames: data.classNames,
  };
}
