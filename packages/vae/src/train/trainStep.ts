import { type AdamWConfig, f32, paramTypes, type Scan, traceScan, valueAndGrad } from "@dit/core";
import { adamwScalars, inScope, optimize } from "@dit/core/internal";
import type { AutoencoderKLConfig } from "../config/klConfig";
import { latentSize, type Size } from "../run/graphs";
import { vaeSpec } from "../vae";
import { type VaeObjective, vaeLosses } from "./loss";

export interface VaeStepConfig {
  readonly batchSize: number;
  /** Of the images, in pixels. */
  readonly imageSize: Size;
  readonly adamw: AdamWConfig;
  readonly objective: VaeObjective;
  /** Largest global gradient norm. */
  readonly gradientClip?: number | undefined;
}

/**
 * One optimiser step of an autoencoder as one step of a scan, as core's `trainStep` is for a DiT. Carry: params, m, v, ema.
 * xs: batch.images, batch.noise, and the step's scalars. Metrics: loss, its parts, gradNorm.
 */
export function vaeTrainStep(config: AutoencoderKLConfig, options: VaeStepConfig): Scan {
  const { batchSize, imageSize, adamw, objective, gradientClip } = options;
  const params = paramTypes(vaeSpec(config)).all;
  const batch = {
    images: f32([batchSize, config.inChannels, ...imageSize]),
    noise: f32([batchSize, config.latentChannels, ...latentSize(config, imageSize)]),
  };
  const signature = {
    constants: {},
    carry: { params, m: params, v: params, ema: params },
    xs: { batch, adamw: adamwScalars, emaDecay: f32([]) },
  };
  return traceScan(`train step of ${batchSize}`, signature, ({ carry, xs }) => {
    const { value, gradients } = valueAndGrad((weights: typeof carry.params) => {
      const losses = vaeLosses(weights, xs.batch.images, xs.batch.noise, config, objective);
      return { loss: losses.loss, losses };
    }, carry.params);
    return inScope("optimizer", () => {
      const { next, gradNorm } = optimize(carry, gradients, xs, { adamw, gradientClip, skipOverflow: false });
      return { carry: next, ys: { ...value.losses, gradNorm } };
    });
  });
}
