import type { Process } from "./process";

/**
 * Where the variance of p(x_{t-1} | x_t) comes from: the range of log variances at each step, between which a learned
 * value v in -1..1 interpolates (Nichol and Dhariwal 2021, section 3.1). A fixed variance has a range of one value.
 */
export const variances = {
  learnedRange: (p) => ({ low: p.posteriorLogVarianceClipped, high: p.betas.map(Math.log) }),
  fixedSmall: (p) => ({ ...fixed(p.posteriorLogVarianceClipped), variance: p.posteriorVariance }),
  fixedLarge: (p) => fixed(p.betas.map((beta, i) => Math.log(i === 0 ? (p.posteriorVariance[1] ?? beta) : beta))),
} satisfies Record<string, (process: Process) => LogVarianceRange>;

export interface LogVarianceRange {
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Kept for parity: the posterior's own variance, 0 at step 0, where its log is step 1's. Otherwise exp of the log. */
  readonly variance?: Float64Array;
}

export type VarianceType = keyof typeof variances;

/** Whether the network puts out variance values in a second half of its channels. */
export function isLearned(type: VarianceType): boolean {
  return type === "learnedRange";
}

function fixed(logVariance: Float64Array): LogVarianceRange {
  return { low: logVariance, high: logVariance };
}
