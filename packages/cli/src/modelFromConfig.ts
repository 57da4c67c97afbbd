import { type Dataset, ditConfig, type ModelConfig, type ObjectiveConfig, objectiveConfig } from "@dit/core";
import type { TrainConfig } from "./config/trainConfig";

/** The model that a training config describes, for the images that it is trained on. */
export function modelFromConfig(config: TrainConfig, data: Dataset): ModelConfig {
  const [inChannels, height, width] = data.imageShape;
  const { learnSigma, classDropout, labelInit: labelStd, model } = config;
  const sizes = { inputSize: [height, width] as const, inChannels, numClasses: data.classNames.length };
  const options = { ...sizes, learnSigma, classDropout, labelStd };
  return {
    dit: typeof model === "string" ? ditConfig(model, options) : ditConfig(undefined, { ...model, ...options }),
    diffusion: objectiveFrom(config),
    classNames: data.classNames,
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
