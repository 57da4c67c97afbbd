import { process } from "@dit/core";
import { sameShape } from "@dit/core/internal";
import type { Fixture, Values } from "./fixture";

/** How far a value may be off: absolutely, or as a part of the largest stored value of its tensor. */
export interface Tolerance {
  readonly limit: number;
  readonly unit: string;
}

export const absolute = (limit: number): Tolerance => ({ limit, unit: "absolute" });
const relative = (limit: number): Tolerance => ({ limit, unit: "relative" });

/** The noise prediction is multiplied by this on its way to the image: 157 at t = 999, 12 at 700. */
const { sqrtRecipm1AlphasCumprod: noiseFactor } = process("linear", 1000);

/** A timestep so late that what float32 rounded in the stored values shows. */
const late = "t([6-9]\\d\\d)\\.";

/**
 * The tolerances of the fixtures' README, row by row; the first that matches a tensor's name holds. Of the late
 * timesteps the README knows t = 999 alone. Others have the same rows, and where the README gives the noise factor as the
 * reason, its 5e-3 in proportion to theirs.
 */
const tolerances: readonly (readonly [
  kind: string,
  name: RegExp,
  tolerance: Tolerance | ((t: number) => Tolerance),
])[] = [
  ["dit-parity", /^weights\.(?!pos_embed$)/, absolute(0)],
  ["dit-parity", /^(output|act\.|y_embedder\.)/, absolute(1e-4)],
  ["dit-parity", /^cfg\.output$/, absolute(3e-4)],
  ["dit-parity", /^loss\./, relative(1e-5)],
  ["dit-parity", /^t0\.loss\.(vb|loss|mean)$/, relative(5e-2)],
  ["dit-parity", /^grad\./, relative(1e-4)],
  ["dit-train", /^losses$/, relative(3e-5)],
  ["dit-forward", /^output$/, absolute(1e-4)],
  ["diffusers-dit", /^(output|diffusers\.time_proj$)/, absolute(1e-4)],
  ["vae", /^/, absolute(1e-4)],
  ["autoencoder-tiny", /^/, absolute(1e-4)],
  ["diffusers-pipeline", /^images\./, absolute(1e-3)],
  ["image-preprocess", /\.(crop\d+|bicubic)$/, absolute(1)],
  ["image-preprocess", /\.box$/, absolute(0)],
  ["official-checkpoint", /^/, absolute(0)],
  ["diffusion-constants", /^/, relative(1e-10)],
  ["flow", /\.(loss|loss_mean)$/, relative(1e-5)],
  ["diffusion-ops", new RegExp(`^${late}p_clipped\\.`), (t) => absolute((5e-3 * noiseFactor[t]!) / noiseFactor[999]!)],
  ["diffusion-ops", /^direct\.t\d+\.kl\.grad$/, relative(1e-3)],
  ["diffusion-ops", new RegExp(`^direct\\.${late}\\w+\\.vb$`), absolute(1e-6)],
  ["diffusion-ops", new RegExp(`^direct\\.${late}kl\\.loss$`), absolute(1e-3)],
  ["diffusion-ops", new RegExp(`^${late}vb_terms_bpd_clipped$`), absolute(1e-6)],
  ["diffusion-ops", /^t0\.(vb_terms_bpd|training\.(vb|loss)$)/, relative(5e-2)],
  ["diffusion-ops", /^direct\.t0\.xstart\./, relative(5e-2)],
  ["schedulers", /^whole timesteps$/, absolute(0)],
  ["schedulers", /^/, relative(1e-5)],
  ["eval-features", /_in_(real|fake)$/, absolute(0)],
  ["eval-features", /^/, relative(1e-9)],
  ["eval-extrapolation", /^/, relative(1e-9)],
  ["eval-inception-score", /\.permutation_/, absolute(0)],
  ["eval-inception", /^resized\..*\.tf1\./, absolute(0)],
  ["eval-inception", /^resized\..*\.pil_bicubic\./, absolute(1e-3)],
  ["eval-inception", /^resized\./, absolute(1e-4 / 255)],
  ["eval-inception", /\.logits$/, absolute(1e-4)],
  ["eval-inception", /\.(pool3|spatial|pool_\d+)$/, absolute(2e-5)],
  ["eval-resize", /\.tf1\./, absolute(0)],
  ["eval-resize", /\.pil_bicubic\./, absolute(1e-3)],
  ["eval-resize", /^/, absolute(1e-4)],
];

/** What no row names: a ten-thousandth of the tensor's largest value. */
const otherwise = relative(1e-4);

export function toleranceOf(kind: string, name: string): Tolerance {
  for (const [rowKind, pattern, tolerance] of tolerances) {
    const match = rowKind === kind ? pattern.exec(name) : null;
    if (match !== null) return typeof tolerance === "function" ? tolerance(Number(match[1])) : tolerance;
  }
  return otherwise;
}

/** The worst of a group of tensors that share a tolerance. */
export interface Finding {
  readonly group: string;
  readonly tolerance: Tolerance;
  /** Tensors in the group. */
  readonly count: number;
  readonly error: number;
  /** The tensor it was found in. */
  readonly worst: string;
  readonly green: boolean;
}

/** What the name alone does not tell of a tensor's tolerance. */
interface Comparison {
  /** A name whose tolerance holds. */
  readonly as?: string;
  /** What float32 is likely to miss, where the fixtures' README would rather have no gate than its tolerance. */
  readonly likelyMiss?: number;
}

/** Collects what a fixture's check finds. */
export interface Findings {
  /** Compares a stored tensor with ours. */
  compare(group: string, name: string, ours: Values, options?: Comparison): void;
  /** Notes a measure that is no comparison of tensors. `worst` says of what. */
  note(group: string, tolerance: Tolerance, error: number, worst: string): void;
  all(): readonly Finding[];
}

export function findings(fixture: Fixture): Findings {
  const groups = new Map<string, Finding>();
  const note: Findings["note"] = (group, tolerance, error, worst) => {
    const key = `${group} ${tolerance.limit} ${tolerance.unit}`;
    const before = groups.get(key);
    const count = (before?.count ?? 0) + 1;
    // Written so that a NaN is the worst of all.
    groups.set(
      key,
      before !== undefined && !(error > before.error || Number.isNaN(error))
        ? { ...before, count }
        : { group, tolerance, count, error, worst, green: error <= tolerance.limit },
    );
  };
  return {
    note,
    compare: (group, name, ours, { as = name, likelyMiss = 0 } = {}) => {
      const { limit, unit } = toleranceOf(fixture.kind, as);
      const tolerance = { limit: Math.max(limit, likelyMiss), unit };
      note(group, tolerance, difference(fixture.stored(name), ours, tolerance.unit), name);
    },
    // A group whose tensors have several tolerances has several lines, one after the other.
    all: () => {
      const order = [...new Set(Array.from(groups.values(), ({ group }) => group))];
      return [...groups.values()].sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
    },
  };
}

/** The largest difference; infinite where the shapes differ. */
function difference(stored: Values, ours: Values, unit: string): number {
  if (!sameShape(stored.shape, ours.shape)) return Number.POSITIVE_INFINITY;
  const [actual, expected] = [ours.data, stored.data]; // taken once: weights by formula are made whenever they are asked for
  const error = largest(expected.length, (i) => actual[i]! - expected[i]!);
  return unit === "absolute" || error === 0 ? error : error / largest(expected.length, (i) => expected[i]!);
}

/** The largest magnitude; NaN where one value is. */
function largest(count: number, at: (i: number) => number): number {
  let most = 0;
  for (let i = 0; i < count; i++) {
    const size = Math.abs(at(i));
    if (!(size <= most)) most = size;
    if (Number.isNaN(most)) return most;
  }
  return most;
}

/** A check that would be sound but is not made, with the reason: neither green nor failing. */
export class Declined extends Error {
  override readonly name = "Declined";
}
