import { ConfigError } from "../ir/errors";
import type { DiffusionConfig } from "./diffusion/config";
import { isLearned } from "./diffusion/variance";
import type { DiTConfig } from "./dit/config";
import type { Weights } from "./params";

/** Everything that decides what a model computes and how it is sampled. */
export interface ModelConfig {
  readonly dit: DiTConfig;
  readonly diffusion: DiffusionConfig;
  /** Names of the classes, in the order of their labels. */
  readonly classNames?: readonly string[];
}

/** A configuration with its weights. */
export interface Model {
  readonly config: ModelConfig;
  readonly weights: Weights;
}

/** @throws ConfigError when the network's outputs are not those that the diffusion reads */
export function checkModel({ dit: { learnSigma }, diffusion: { variance, loss } }: ModelConfig): void {
  if (learnSigma === isLearned(variance)) return;
  throw new ConfigError(
    learnSigma
      ? `learnSigma gives the network variance channels, but variance is ${variance}; set it to learnedRange`
      : `variance is ${variance} and the loss ${loss}, but without learnSigma the network has no variance channels`,
  );
}
