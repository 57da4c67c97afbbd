import { concat, constant, select } from "../../ir/create";
import type { F32, I32 } from "../../ir/tensor";
import type { DiffusionConfig } from "./config";
import { qPosterior, qSample } from "./forward";
import { discretizedGaussianLogLikelihood, normalKl } from "./gaussian";
import { predictionTarget } from "./prediction";
import { extract, type Process } from "./process";
import { pMeanVariance, splitOutput } from "./reverse";
import { isLearned } from "./variance";
import { lossWeights } from "./weighting";

/**
 * - `mse`: squared error of the prediction; with a learned variance the variational term is added, and trains the
 *   variance alone ("hybrid", Nichol and Dhariwal 2021).
 * - `rescaledMse`: the same with the variational term scaled by steps / 1000.
 * - `kl`: the variational bound alone, in bits.
 * - `rescaledKl`: that times the number of steps.
 */
export type LossType = "mse" | "rescaledMse" | "kl" | "rescaledKl";

/** Losses of each sample, [N]. `mse` is not weighted; `vb` is there where the loss has a variational term. */
export interface Losses {
  readonly loss: F32;
  readonly mse?: F32;
  readonly vb?: F32;
}

/** A network with its conditioning already applied. xt: [N, C, I, J], t: timesteps [N] -> [N, out, I, J] */
export type Predict = (xt: F32, t: I32) => F32;

/** What one training example is made of. x0, noise: [N, C, I, J], step: [N] */
export interface Noised {
  readonly x0: F32;
  readonly noise: F32;
  readonly step: I32;
}

/** The loss of a network's output for `xt`, which was made from x0 and noise. -> [N] each */
export function losses(
  process: Process,
  config: DiffusionConfig,
  output: F32,
  xt: F32,
  { x0, noise, step }: Noised,
): Losses {
  if (config.loss === "kl" || config.loss === "rescaledKl") {
    const vb = variationalBound(process, config, output, x0, xt, step).bits;
    return { loss: config.loss === "kl" ? vb : vb.mul(process.steps) };
  }
  const { prediction, values } = splitOutput(config, output);
  const mse = meanFlat(predictionTarget(process, config.prediction, x0, noise, step).sub(prediction).square());
  const { weighting } = config;
  const weighted =
    weighting === "none"
      ? mse
      : extract(lossWeights(process, weighting, config.prediction), step)
          .reshape(mse.shape)
          .mul(mse);
  if (values === undefined || !isLearned(config.variance)) return { loss: weighted, mse };
  // The variational term must not move the prediction, only the variance (section 3.1 there).
  const frozen = concat([prediction.stopGradient(), values], 1);
  const bits = variationalBound(process, config, frozen, x0, xt, step).bits;
  const vb = config.loss === "rescaledMse" ? bits.mul(process.steps / 1000) : bits;
  return { loss: weighted.add(vb), mse, vb };
}

/** Draws x_t, asks the network and takes the loss. -> [N] each */
export function trainingLosses(process: Process, config: DiffusionConfig, predict: Predict, noised: Noised): Losses {
  const xt = qSample(process, noised.x0, noised.step, noised.noise);
  return losses(process, config, predict(xt, timestepOf(process, noised.step)), xt, noised);
}

/**
 * One term of the variational bound, in bits per dimension: the divergence of the model's step from the true posterior,
 * at step 0 the likelihood of the image itself. -> bits: [N], x0: what the network took the image to be
 */
export function variationalBound(
  process: Process,
  config: Pick<DiffusionConfig, "prediction" | "variance">,
  output: F32,
  x0: F32,
  xt: F32,
  step: I32,
  options: { readonly clip?: boolean } = {},
): { readonly bits: F32; readonly x0: F32 } {
  const truth = qPosterior(process, x0, xt, step);
  const model = pMeanVariance(process, config, output, xt, step, options);
  const divergence = meanFlat(normalKl(truth.mean, truth.logVariance, model.mean, model.logVariance));
  const likelihood = meanFlat(discretizedGaussianLogLikelihood(x0, model.mean, model.logVariance.mul(0.5)));
  return { bits: select(step.equal(0), likelihood.neg(), divergence).mul(1 / Math.LN2), x0: model.x0 };
}

/** Mean over everything but the batch. [N, ...] -> [N] */
export function meanFlat(x: F32): F32 {
  return x.mean(x.shape.map((_, axis) => axis).slice(1));
}

/** The timesteps that the network knows a chain's steps by. [N] -> [N] */
export function timestepOf({ timesteps }: Process, step: I32): I32 {
  return timesteps.every((t, i) => t === i)
    ? step
    : constant({ dtype: "i32", shape: [timesteps.length], data: timesteps }).gather(step);
}
