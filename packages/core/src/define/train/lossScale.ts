import { constantF32, select } from "../../ir/create";
import type { Bool } from "../../ir/tensor";
import { f32, type Traced } from "../../trace/signature";

/**
 * Small gradients are 0 in f16, whose smallest number is 6e-8; so the loss is multiplied by a scale, and the gradients
 * divided by it when they are f32 again (arXiv 1710.03740, section 3.2). The scale follows the gradients: it doubles
 * after `growAfter` steps without overflow, and halves after one with.
 */
export interface LossScale {
  readonly scale: number;
  /** Steps without overflow since the scale last changed. */
  readonly streak: number;
}

export const firstLossScale: LossScale = { scale: 2 ** 16, streak: 0 };

export const lossScaleType = { scale: f32([]), streak: f32([]) };

const growAfter = 2000;

/** The scale of the next step. `finite`: whether every gradient of this one is a number. */
export function nextLossScale({ scale, streak }: Traced<typeof lossScaleType>, finite: Bool) {
  const none = constantF32([], [0]);
  const longer = streak.add(1);
  const grows = longer.equal(growAfter);
  const kept = select(grows, scale.mul(2), scale);
  return {
    scale: select(finite, kept, scale.mul(0.5).max(1)),
    streak: select(finite, select(grows, none, longer), none),
  };
}
