import type { LossType } from "./loss";
import type { PredictionType } from "./prediction";
import type { Schedule } from "./schedule";
import type { VarianceType } from "./variance";

/** How a model is noised, trained and read. */
export interface DiffusionConfig {
  /** Length T of the chain the model is trained on. */
  readonly timesteps: number;
  readonly schedule: Schedule;
  /** What the network's first C channels mean. */
  readonly prediction: PredictionType;
  /** Where the variance of a sampling step comes from. */
  readonly variance: VarianceType;
  readonly loss: LossType;
}

/** The paper's: 1000 steps, linear schedule, noise prediction, learned variance, hybrid loss. */
export const diffusionDefaults: DiffusionConfig = {
  timesteps: 1000,
  schedule: "linear",
  prediction: "eps",
  variance: "learnedRange",
  loss: "mse",
};
