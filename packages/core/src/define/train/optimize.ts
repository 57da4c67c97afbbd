import { constantF32, select } from "../../ir/create";
import type { Bool, F32 } from "../../ir/tensor";
import type { Traced } from "../../trace/signature";
import { type AdamWConfig, adamw, type adamwScalars } from "./adamw";
import { emaUpdate } from "./ema";

type Tensors = Readonly<Record<string, F32>>;

/** What an update changes, by parameter: the weights, AdamW's moments, the averaged weights. */
export type Optimized = Readonly<Record<"params" | "m" | "v" | "ema", Tensors>>;

export interface OptimizeOptions {
  readonly adamw: AdamWConfig;
  readonly gradientClip?: number | undefined;
  /** What the gradients must be multiplied by first, where it is not 1. */
  readonly factor?: F32 | undefined;
  /** Whether a step whose gradient norm is no number leaves everything as it was. */
  readonly skipOverflow: boolean;
}

export interface Update {
  readonly next: Optimized;
  /** Global L2 norm, before clipping. */
  readonly gradNorm: F32;
  /** Whether that norm is a number, so that every gradient is one. */
  readonly finite: Bool;
}

/** Clipping, AdamW and the moving average, for all parameters. */
export function optimize(
  state: Optimized,
  gradients: Tensors,
  scalars: { readonly adamw: Traced<typeof adamwScalars>; readonly emaDecay: F32 },
  { adamw: optimizer, gradientClip, factor, skipOverflow }: OptimizeOptions,
): Update {
  const norm = Object.values(gradients)
    .map((g) => g.square().sum())
    .reduce((sum, x) => sum.add(x))
    .sqrt();
  const gradNorm = factor === undefined ? norm : norm.mul(factor);
  const finite = gradNorm.mul(0).equal(0);
  const clip = gradientClip === undefined ? undefined : constantF32([], [gradientClip]).div(gradNorm.add(1e-6)).min(1);
  const whole = factor === undefined || clip === undefined ? (factor ?? clip) : factor.mul(clip);
  const keep = (next: F32, current: F32) => (skipOverflow ? select(finite, next, current) : next);

  const next = { params: {}, m: {}, v: {}, ema: {} } as Record<keyof Optimized, Record<string, F32>>;
  for (const [name, gradient] of Object.entries(gradients)) {
    const [p, m, v, ema] = [state.params[name]!, state.m[name]!, state.v[name]!, state.ema[name]!];
    const g = whole === undefined ? gradient : gradient.mul(whole);
    const updated = adamw(p, g, m, v, scalars.adamw, optimizer);
    next.params[name] = keep(updated.p, p);
    next.m[name] = keep(updated.m, m);
    next.v[name] = keep(updated.v, v);
    next.ema[name] = keep(emaUpdate(ema, updated.p, scalars.emaDecay), ema);
  }
  return { next, gradNorm, finite };
}
