import { type Dataset, diffusionDefaults, ditConfig, type ModelConfig } from "@dit/core";
import type { TrainConfig } from "./config/trainConfig";

/** The model that a training config describes, for the images that it is trained on. */
export function modelFromConfig(config: TrainConfig, data: Dataset): ModelConfig {
  const [inChannels, height, width] = data.imageShape;
  const { learnSigma, classDropout, classConditional, labelInit: labelStd, model, block } = config;
  const labels = classConditional ? { numClasses: data.classNames.length, classDropout } : { numClasses: 0 };
  const options = { inputSize: [height, width] as const, inChannels, learnSigma, labelStd, ...labels, ...block };
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
    ...(classConditional ? { classNames: data.classNames } : {}),
  };
}
