import { type PredictionType, predictions } from "./prediction";
import type { Process } from "./process";

/**
 * Factors of a step's squared error, by its signal-to-noise ratio acp / (1 - acp), for an error of the image x0. An error
 * of another prediction weighs as much as the error of the image that it implies. A new weighting is a new row.
 */
export const weightings = {
  /** Min-SNR with the paper's gamma of 5 (arXiv 2303.09556, section 3.4). */
  minSnr: (snr) => Math.min(snr, 5),
  /** P2 with the paper's k = 1 and gamma = 1 (arXiv 2204.00227, section 3.2): less at the steps of little noise. */
  p2: (snr) => snr / (1 + snr),
} as const satisfies Record<string, (snr: number) => number>;

/** `none`: each prediction's own error counts alike at all steps, as in the paper. */
export type Weighting = "none" | keyof typeof weightings;

/** The factor of the squared error of a prediction at each step. */
export function lossWeights(process: Process, weighting: Exclude<Weighting, "none">, type: PredictionType) {
  // The implied image is linear in the output: this is by how much an error of the one is one of the other.
  const { fromOutput } = predictions[type].toX0(process);
  return process.alphasCumprod.map((a, i) => weightings[weighting](a / (1 - a)) * fromOutput[i]! ** 2);
}
