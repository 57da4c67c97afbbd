import { type PathPoint, scoreFactor } from "./path";

/**
 * Factors of a sample's squared residual, for noise and score predictions (arXiv 2401.08740, section 3.2). The residual
 * is that of the noise, so `velocity` makes it that of the velocity, and `likelihood` bounds the likelihood, as Song et
 * al. 2021 weight the score. A new weighting is a new row.
 */
export const flowWeightings = {
  none: () => 1,
  velocity: (point) => (scoreFactor(point) / point.sigma) ** 2,
  likelihood: (point) => scoreFactor(point) / point.sigma ** 2,
} as const satisfies Record<string, (point: PathPoint) => number>;

export type FlowWeighting = keyof typeof flowWeightings;
