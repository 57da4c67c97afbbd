import { type Dataset, ditConfig, type ModelConfig, type ObjectiveConfig, objectiveConfig } from "@dit/core";
import type { TrainConfig } from "./config/trainConfig";

/** The model that a training config describes, for the images that it is trained on. */
export function modelFromConfig(config: TrainConfig, data: Dataset): ModelConfig {
  const [inChannels, height, width] = data.imageShape;
  const { learnSigma, classDropout, classConditional, labelInit: labelStd, model, block } = config;
  const labels = classConditional ? { numClasses: data.classNames.length, classDropout } : { numClasses: 0 };
  const options = { inputSize: [height, width] as const, inChannels, learnSigma, labelStd, ...labels, ...block };
  return {
    dit: typeof model === "string" ? ditConfig(model, options) : ditConfig(undefined, { ...model, ...options }),
    diffusion: objectiveFrom(config),
    ...(classConditional ? { classNames: data.classNames } : {}),
  };
}

function objectiveFrom({ diffusion, learnSigma }: TrainConfig): ObjectiveConfig {
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
