import { ConfigError } from "../ir/errors";
import { isLearned } from "./diffusion/variance";
import type { DiTConfig } from "./dit/config";
import type { ObjectiveConfig } from "./objective";
import type { Weights } from "./params";

/** Everything that decides what a model computes and how it is sampled. */
export interface ModelConfig<O extends ObjectiveConfig = ObjectiveConfig> {
  readonly dit: DiTConfig;
  readonly diffusion: O;
  /** Names of the classes, in the order of their labels. */
  readonly classNames?: readonly string[];
}

/** A configuration with its weights. */
export interface Model<O extends ObjectiveConfig = ObjectiveConfig> {
  readonly config: ModelConfig<O>;
  readonly weights: Weights;
}

/** @throws ConfigError when the objective contradicts itself, or the network's outputs are not those that it reads */
export function checkModel({ dit: { learnSigma }, diffusion }: ModelConfig): void {
  switch (diffusion.kind) {
    case "diffusion": {
      const { variance, loss, weighting } = diffusion;
      if (weighting !== "none" && (loss === "kl" || loss === "rescaledKl")) {
        throw new ConfigError(`weighting is ${weighting}, which weights a squared error; the loss ${loss} has none`);
      }
      if (learnSigma === isLearned(variance)) return;
      throw new ConfigError(
        learnSigma
          ? `learnSigma gives the network variance channels, but variance is ${variance}; set it to learnedRange`
          : `variance is ${variance} and the loss ${loss}, but without learnSigma the network has no variance channels`,
      );
    }
    case "flow": {
      const { prediction, weighting } = diffusion;
      if (prediction !== "velocity" || weighting === "none") return;
      throw new ConfigError(
        `weighting is ${weighting}, which weights a noise or score prediction; with velocity set none`,
      );
    }
    default:
      diffusion satisfies never;
  }
}
