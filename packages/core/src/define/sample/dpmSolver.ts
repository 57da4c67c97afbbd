import type { SampledModel } from "./ddpm";
import { eachStep, halfLogSnr, type NoiseLevel, noiseColumns, predictionColumns } from "./level";
import { type SamplerRow, type SamplerTable, samplerRow } from "./table";

export interface DpmSolverOptions {
  /** How many calls a step looks back on, itself included. */
  readonly order: 1 | 2 | 3;
  /** What is taken to be a polynomial along the run: the image (DPM-Solver++) or the noise (DPM-Solver). */
  readonly along: "image" | "noise";
  /** Whether fresh noise is added at each step, as the reverse SDE does. */
  readonly stochastic: boolean;
  /** How the second order is reached. Heun's is that of the third order's expansion; midpoint's differs in higher terms. */
  readonly second: "midpoint" | "heun";
  /**
   * What the third order makes of the curve through three calls. Differs: the published algorithm counts it half, which
   * leaves its error at the second order (orders.test.ts measures it); the default is exact.
   * Kept for parity: "diffusers" is that half, and where noise is added not even small for short steps.
   */
  readonly third: "exact" | "diffusers";
  /** The last steps of a run of less than 15 are of lower order, which is steadier. */
  readonly lowerOrderFinal: boolean;
  /** The last step is of first order, however long the run. A step to the clean level always is. */
  readonly eulerAtFinal: boolean;
  /** Whether the noise is what a clamped image leaves of x, where the steps are along the noise. */
  readonly clip: boolean;
}

export const dpmSolverDefaults: DpmSolverOptions = {
  order: 2,
  along: "image",
  stochastic: false,
  second: "midpoint",
  third: "exact",
  lowerOrderFinal: true,
  eulerAtFinal: false,
  clip: false,
};

/**
 * The multistep DPM-Solvers (Lu et al. 2022, arXiv 2206.00927 and 2211.01095, algorithm 2): the linear part of the
 * probability-flow ODE is integrated exactly, the network's part by a polynomial in lambda, half the log SNR, through its
 * last calls.
 */
export function dpmSolver(
  levels: readonly NoiseLevel[],
  { prediction }: Pick<SampledModel, "prediction">,
  overrides: Partial<DpmSolverOptions> = {},
): SamplerTable {
  const options = { ...dpmSolverDefaults, ...overrides };
  const rows = eachStep(levels, (from, to, step) => {
    const { kept, weight, rate, std } = linearPart(from, to, options);
    const before = levels.slice(Math.max(0, step + 1 - orderAt(levels, step, options)), step).reverse();
    return samplerRow({
      ...predictionColumns(from, prediction),
      ...(options.along === "noise" && noiseOf(from, prediction, options.clip)),
      fromX: kept,
      ...history(from, to, before, weight, rate, options),
      std,
    });
  });
  return { rows, learnedVariance: false, startScale: 1 };
}

/** The order of a step: not more than there were calls, and less at the end. */
function orderAt(
  levels: readonly NoiseLevel[],
  step: number,
  { order, lowerOrderFinal, eulerAtFinal }: DpmSolverOptions,
): number {
  const steps = levels.length - 1;
  const left = steps - step;
  const isLowered = lowerOrderFinal && steps < 15;
  if (left === 1 && (eulerAtFinal || levels[steps]!.sigma === 0)) return 1;
  return Math.min(order, step + 1, isLowered ? left : order);
}

/**
 * A step of first order: kept * x + weight * d + std * noise. Terms of higher order are integrals of exp(rate * r) over
 * the step, r from 0 to 1, and come out as `weight` times fractions of it.
 */
function linearPart(from: NoiseLevel, to: NoiseLevel, { along, stochastic }: DpmSolverOptions) {
  const h = halfLogSnr(to) - halfLogSnr(from);
  const shrink = (from.alpha * to.sigma) / (to.alpha * from.sigma); // exp(-h), also where h is infinite
  if (along === "image") {
    const noise = stochastic ? shrink : 1;
    const std = stochastic ? to.sigma * Math.sqrt(1 - shrink ** 2) : 0;
    return {
      kept: (to.sigma / from.sigma) * noise,
      weight: to.alpha * (1 - shrink * noise),
      rate: stochastic ? -2 * h : -h,
      std,
    };
  }
  // sigma' exp(h) = alpha' sigma / alpha, also where sigma' is 0 and h infinite.
  const grown = (to.alpha * from.sigma) / from.alpha;
  const weight = (to.sigma - grown) * (stochastic ? 2 : 1);
  return {
    kept: to.alpha / from.alpha,
    weight,
    rate: h,
    std: stochastic ? Math.sqrt(grown ** 2 - to.sigma ** 2) : 0,
  };
}

/** How much of this call's d and of those before goes into a step. `before`: levels of the calls looked back on, the last first. */
function history(
  from: NoiseLevel,
  to: NoiseLevel,
  before: readonly NoiseLevel[],
  weight: number,
  rate: number,
  { second, third, stochastic }: DpmSolverOptions,
): Pick<SamplerRow, "fromD"> & Partial<SamplerRow> {
  if (before.length === 0) return { fromD: weight };
  const h = halfLogSnr(to) - halfLogSnr(from);
  const r0 = (halfLogSnr(from) - halfLogSnr(before[0]!)) / h;
  const grow = Math.expm1(rate);
  const linear = (weight * (grow / rate - 1)) / grow;
  if (before.length === 1) {
    const slope = (second === "midpoint" ? weight / 2 : linear) / r0;
    return { fromD: weight + slope, fromD1: -slope };
  }
  const curve = (grow - rate) / rate ** 2;
  const bent = third === "exact" ? 2 * curve - 1 : stochastic ? curve + 0.5 : curve - 0.5;
  const quadratic = (weight * bent) / grow;
  const r1 = (halfLogSnr(before[0]!) - halfLogSnr(before[1]!)) / h;
  // Newton's divided differences through the three calls.
  const bend = (linear * r0 + quadratic) / (r0 + r1);
  const near = (linear + bend) / r0;
  const far = bend / r1;
  return { fromD: weight + near, fromD1: -near - far, fromD2: far };
}

/** d is the noise. */
function noiseOf(level: NoiseLevel, prediction: SampledModel["prediction"], clip: boolean) {
  if (clip) return { dFromX: 1 / level.sigma, dFromX0: -level.alpha / level.sigma, dFromOutput: 0 };
  const { fromX, fromOutput } = noiseColumns(level, prediction);
  return { dFromX: fromX, dFromX0: 0, dFromOutput: fromOutput };
}
