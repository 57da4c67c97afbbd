import type { Results } from "./evaluate";
import type { Values } from "./fixture";

// The variational term at step 0 is the log of a probability: a difference of two numbers near 0 or 1, of which float32
// keeps steps of 6e-8 and the official code what is above 1e-12. In the tail the stored values then hold few digits or
// none. The fixtures' README gives that as the reason for its tolerance at t = 0, for the names where its own folder
// shows it; with other salts it shows under other names too. What is asked here must come from the reference backend.

const float32Step = 6e-8;
const floor = 1e-12;

/** Whether float32 may miss the bound of one sample by more than `tolerance`, relative to the largest of the batch. */
export function isBoundDoubtful(results: Results, sample: number, tolerance: number): boolean {
  const nats = doubtsOf(results, sample).reduce((sum, doubt) => sum + doubt, 0);
  return ofLargestBound(results, nats) > tolerance;
}

/**
 * How far float32 is likely to miss the bound of one sample at step 0, relative to the largest of the batch: three standard
 * deviations, the probabilities being missed independently of each other, as likely anywhere in their range.
 */
export function likelyMiss(results: Results, sample: number): number {
  const variance = doubtsOf(results, sample).reduce((sum, doubt) => sum + doubt ** 2 / 3, 0);
  return ofLargestBound(results, 3 * Math.sqrt(variance));
}

/** Nats by which float32 may miss each log-likelihood of a sample. */
function doubtsOf({ bits, logLikelihood }: Results, sample: number): number[] {
  const size = logLikelihood!.data.length / bits!.shape[0]!;
  return Array.from({ length: size }, (_, i) => doubtOf(Math.exp(logLikelihood!.data[sample * size + i]!)));
}

/** Nats over a whole sample as a part of the largest bound of the batch, which is in bits for each number. */
function ofLargestBound({ bits, logLikelihood }: Results, nats: number): number {
  const size = logLikelihood!.data.length / bits!.shape[0]!;
  return nats / (size * Math.LN2 * Math.max(...Array.from(bits!.data, Math.abs)));
}

/** Nats by which float32 may miss the log of a probability. */
function doubtOf(probability: number): number {
  if (probability < 1.001 * floor) return 0; // at the floor in any precision
  // A difference of two numbers that are off by a step each may come out as nothing.
  return probability < 2 * float32Step ? Math.log(float32Step / floor) : float32Step / probability;
}

/**
 * Ours, with the stored values where float32 may miss more than `tolerance` of a probability: such gradients are left
 * out of the comparison. gradient: [N, 2 C, I, J], logLikelihood: [N, C, I, J]
 */
export function withoutTail(ours: Values, stored: Values, logLikelihood: Values, tolerance: number): Values {
  const size = logLikelihood.data.length / logLikelihood.shape[0]!;
  const both = ours.data.length / ours.shape[0]!;
  const data = Array.from(ours.data, (value, i) => {
    const at = Math.floor(i / both) * size + ((i % both) % size);
    return doubtOf(Math.exp(logLikelihood.data[at]!)) > tolerance ? stored.data[i]! : value;
  });
  return { shape: ours.shape, data };
}
