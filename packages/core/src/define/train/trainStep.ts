import { valueAndGrad } from "../../differentiate/valueAndGrad";
import { constantF32 } from "../../ir/create";
import type { Scan } from "../../ir/graph";
import { inScope } from "../../ir/scope";
import type { F32 } from "../../ir/tensor";
import { f32 } from "../../trace/signature";
import { traceScan } from "../../trace/trace";
import { ditSpec } from "../dit/dit";
import type { ModelConfig } from "../model";
import { bindParams, paramTypes } from "../params";
import { type AdamWConfig, adamw, adamwScalars } from "./adamw";
import { emaUpdate } from "./ema";
import { batchType, meanLosses } from "./objective";

export interface TrainStepConfig {
  readonly batchSize: number;
  readonly adamw: AdamWConfig;
  /** Largest global gradient norm; longer gradients are scaled down to it. */
  readonly gradientClip?: number;
}

/**
 * One optimiser step as one step of a scan: (state, batch) -> (state, metrics), with the loss, its gradient, clipping,
 * AdamW and the EMA in it. Carry: params, m, v, ema. Constants: the fixed tables. Metrics: loss, mse, vb where the loss
 * has them, and gradNorm.
 */
export function trainStep(config: ModelConfig, { batchSize, adamw: optimizer, gradientClip }: TrainStepConfig): Scan {
  const spec = ditSpec(config.dit);
  const { trained, fixed } = paramTypes(spec);
  const signature = {
    constants: { fixed },
    carry: { params: trained, m: trained, v: trained, ema: trained },
    xs: { batch: batchType(config, batchSize), adamw: adamwScalars, emaDecay: f32([]) },
  };
  return traceScan(`train step of ${batchSize}`, signature, ({ constants, carry, xs }) => {
    const { value, gradients } = valueAndGrad(
      (params) => meanLosses(config, bindParams(spec, { ...params, ...constants.fixed }), xs.batch),
      carry.params,
    );
    return inScope("optimizer", () => {
      const gradNorm = Object.values(gradients)
        .map((g) => g.square().sum())
        .reduce((sum, x) => sum.add(x))
        .sqrt();
      const factor =
        gradientClip === undefined ? undefined : constantF32([], [gradientClip]).div(gradNorm.add(1e-6)).min(1);
      const next = { params: {}, m: {}, v: {}, ema: {} } as Record<"params" | "m" | "v" | "ema", Record<string, F32>>;
      for (const [name, gradient] of Object.entries(gradients)) {
        const g = factor === undefined ? gradient : gradient.mul(factor);
        const { p, m, v } = adamw(carry.params[name]!, g, carry.m[name]!, carry.v[name]!, xs.adamw, optimizer);
        next.params[name] = p;
        next.m[name] = m;
        next.v[name] = v;
        next.ema[name] = emaUpdate(carry.ema[name]!, p, xs.emaDecay);
      }
      return { carry: next, ys: { ...value, gradNorm } };
    });
  });
}
