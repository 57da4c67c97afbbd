import type { F32 } from "../../ir/tensor";
import { f32, type Traced } from "../../trace/signature";

/** AdamW (Loshchilov and Hutter 2019). The defaults are PyTorch's; weight decay 0 is the paper's. */
export interface AdamWConfig {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
}

export const adamwDefaults: AdamWConfig = { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 };

/** What the host works out for each step, in float64: everything that depends on the step's number. */
export const adamwScalars = { stepSize: f32([]), epsilon: f32([]), decay: f32([]) };

/**
 * The bias corrections folded into the step size and epsilon: m / c1 / (sqrt(v / c2) + e) = (sqrt(c2) / c1) m / (sqrt(v)
 * + sqrt(c2) e). That saves a pass over every parameter.
 * @param step counted from 1
 */
export function adamwScalarsAt(step: number, learningRate: number, { betas, epsilon, weightDecay }: AdamWConfig) {
  const correction1 = 1 - betas[0] ** step;
  const correction2 = Math.sqrt(1 - betas[1] ** step);
  return {
    stepSize: (learningRate * correction2) / correction1,
    epsilon: epsilon * correction2,
    decay: 1 - learningRate * weightDecay,
  };
}

/** One update of one parameter p with gradient g and moments m, v; all of one shape. */
export function adamw(
  p: F32,
  g: F32,
  m: F32,
  v: F32,
  scalars: Traced<typeof adamwScalars>,
  { betas: [beta1, beta2], weightDecay }: AdamWConfig,
): { readonly p: F32; readonly m: F32; readonly v: F32 } {
  const nextM = m.mul(beta1).add(g.mul(1 - beta1));
  const nextV = v.mul(beta2).add(g.mul(g).mul(1 - beta2));
  const kept = weightDecay === 0 ? p : p.mul(scalars.decay);
  return { p: kept.sub(nextM.mul(scalars.stepSize).div(nextV.sqrt().add(scalars.epsilon))), m: nextM, v: nextV };
}
