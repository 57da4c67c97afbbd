import type { LossType } from "./loss";
import type { PredictionType } from "./prediction";
import type { Schedule } from "./schedule";
import type { TimeSampling } from "./timeSampling";
import type { VarianceType } from "./variance";
import type { Weighting } from "./weighting";

/** Gaussian diffusion: how a model is noised, trained and read. */
export interface DiffusionConfig {
  readonly kind: "diffusion";
  /** Length T of the chain the model is trained on. */
  readonly timesteps: number;
  readonly schedule: Schedule;
  /** What the network's first C channels mean. */
  readonly prediction: PredictionType;
  /** Where the variance of a sampling step comes from. */
  readonly variance: VarianceType;
  readonly loss: LossType;
  /** Of the squared error, by step. */
  readonly weighting: Weighting;
  /** How training steps are distributed. */
  readonly timeSampling: TimeSampling;
}

/** The paper's: 1000 steps, linear schedule, noise prediction, learned variance, hybrid loss, every step alike. */
export const diffusionDefaults: DiffusionConfig = {
  kind: "diffusion",
  timesteps: 1000,
  schedule: "linear",
  prediction: "eps",
  variance: "learnedRange",
  loss: "mse",
  weighting: "none",
  timeSampling: "uniform",
};
