import { type PathPoint, scoreFactor } from "./path";

/**
 * How much noise a sampling SDE adds at each time: the w of dx = (v + w score) dt + sqrt(2 w) dW, whose images have the
 * same distribution for every w (arXiv 2401.08740, section 3.3). A new form is a new row.
 */
export const diffusionForms = {
  constant: () => 1,
  /** That of the diffusion whose reverse the path is, as in score-based models. It is infinite at time 0. */
  sbdm: (point) => scoreFactor(point),
  sigma: ({ sigma }) => sigma,
  linear: ({ time }) => 1 - time,
  decreasing: ({ time }) => 0.25 * (Math.cos(Math.PI * time) + 1) ** 2,
  increasingDecreasing: ({ time }) => Math.sin(Math.PI * time) ** 2,
} as const satisfies Record<string, (point: PathPoint) => number>;

export type DiffusionForm = keyof typeof diffusionForms;
