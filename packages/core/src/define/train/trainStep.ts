import type { SegmentOf } from "../../differentiate/recompute";
import { valueAndGrad } from "../../differentiate/valueAndGrad";
import { constantF32 } from "../../ir/create";
import type { Scan } from "../../ir/graph";
import { inScope } from "../../ir/scope";
import type { Precision } from "../../lower/castPrecision";
import { f32 } from "../../trace/signature";
import { traceScan } from "../../trace/trace";
import { ditSpec } from "../dit/dit";
import type { ModelConfig } from "../model";
import { bindParams, paramTypes } from "../params";
import { accumulated } from "./accumulate";
import { type AdamWConfig, adamwScalars } from "./adamw";
import { lossScaleType, nextLossScale } from "./lossScale";
import { batchType, meanLosses } from "./objective";
import { optimize } from "./optimize";

export interface TrainStepConfig {
  readonly batchSize: number;
  readonly adamw: AdamWConfig;
  /** Largest global gradient norm; longer gradients are scaled down to it. */
  readonly gradientClip?: number;
  /** Parts that a batch goes through one after the other, which takes the memory of one; 1 by default. */
  readonly accumulate?: number;
  /** Whether the backward pass computes each block again instead of keeping what is in it. */
  readonly checkpoint?: boolean;
  /** What the network computes in; weights, optimiser and loss are f32 in any case. */
  readonly precision?: Precision;
}

/** The block that a node of a DiT belongs to. */
const blockOf: SegmentOf = ({ scope }) => /^blocks\.\d+/.exec(scope)?.[0];

/**
 * One optimiser step as one step of a scan: (state, batch) -> (state, metrics), with the loss, its gradient, clipping,
 * AdamW and the EMA in it. Carry: params, m, v, ema, and in f16 the loss scale, with which a step whose gradients overflow
 * is passed over. Constants: the fixed tables. Metrics: loss, mse, vb where the loss has them, gradNorm, lossScale.
 */
export function trainStep(config: ModelConfig, options: TrainStepConfig): Scan {
  const { batchSize, accumulate = 1, checkpoint = false, precision = "f32" } = options;
  const spec = ditSpec(config.dit);
  const { trained, fixed } = paramTypes(spec);
  const state = { params: trained, m: trained, v: trained, ema: trained };
  const signature = {
    constants: { fixed },
    carry: precision === "f16" ? { ...state, lossScale: lossScaleType } : state,
    xs: { batch: batchType(config, batchSize), adamw: adamwScalars, emaDecay: f32([]) },
  };
  return traceScan(`train step of ${batchSize}`, signature, ({ constants, carry, xs }) => {
    const lossScale = "lossScale" in carry ? carry.lossScale : undefined;
    const { metrics, gradients } = accumulated(xs.batch, accumulate, (batch) => {
      const loss = (params: typeof carry.params) => {
        const losses = meanLosses(config, bindParams(spec, { ...params, ...constants.fixed }), batch, precision);
        return { loss: lossScale === undefined ? losses.loss : losses.loss.mul(lossScale.scale), losses };
      };
      const { value, gradients } = valueAndGrad(loss, carry.params, checkpoint ? { recompute: blockOf } : {});
      return { metrics: value.losses, gradients };
    });
    return inScope("optimizer", () => {
      const part = accumulate === 1 ? undefined : constantF32([], [1 / accumulate]);
      const { next, gradNorm, finite } = optimize(carry, gradients, xs, {
        adamw: options.adamw,
        gradientClip: options.gradientClip,
        factor: lossScale === undefined ? part : (part ?? constantF32([], [1])).div(lossScale.scale),
        skipOverflow: lossScale !== undefined,
      });
      return lossScale === undefined
        ? { carry: next, ys: { ...metrics, gradNorm } }
        : {
            carry: { ...next, lossScale: nextLossScale(lossScale, finite) },
            ys: { ...metrics, gradNorm, lossScale: lossScale.scale },
          };
    });
  });
}
