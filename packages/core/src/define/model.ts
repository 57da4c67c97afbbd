import type { DiTConfig } from "./dit/config";
import type { DiffusionConfig } from "./diffusion/config";
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

