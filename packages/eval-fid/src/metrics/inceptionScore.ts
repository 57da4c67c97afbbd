import { ConfigError } from "@dit/core";
import type { FeatureRows } from "../statistics/featureRows";
import { type Spread, spreadOf } from "./spread";

/** `parts` groups of neighbours, as equal as can be: group i is rows floor(i N / parts) to floor((i + 1) N / parts). */
export function equalSplits(count: number, parts: number): (readonly [from: number, to: number])[] {
  return Array.from({ length: parts }, (_, i) => [
    Math.floor((i * count) / parts),
    Math.floor(((i + 1) * count) / parts),
  ]);
}

/** Groups of `size` neighbours; the last may be short. ADM takes 5000. */
export function chunks(count: number, size: number): (readonly [from: number, to: number])[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => [i * size, Math.min(count, (i + 1) * size)]);
}

/**
 * The Inception Score: exp of the mean divergence of p(y|x) from p(y), within each group of rows; groups count alike.
 * logits: [N, classes], without bias where ADM's number is wanted. `order` permutes the rows first. In float64 and with
 * logarithms of probabilities, so that 0 log 0 counts as 0 and nothing becomes NaN.
 * Source: Salimans et al., arXiv 1606.03498, section 4.
 * @throws ConfigError when a group is empty
 */
export function inceptionScore(
  logits: FeatureRows,
  groups: readonly (readonly [from: number, to: number])[],
  order?: ArrayLike<number>,
): Spread {
  if (groups.length === 0) throw new ConfigError("the Inception Score needs at least 1 image, there are none");
  return spreadOf(
    groups.map(([from, to]) => {
      if (from >= to) throw new ConfigError(`${logits.count} images do not fill ${groups.length} splits`);
      return scoreOf(logits, from, to, order);
    }),
  );
}

function scoreOf(logits: FeatureRows, from: number, to: number, order?: ArrayLike<number>): number {
  const { width } = logits;
  const marginal = new Float64Array(width);
  const logProbabilities = new Float64Array(width);
  let negativeEntropies = 0;
  for (let i = from; i < to; i++) {
    logSoftmax(logits, order?.[i] ?? i, logProbabilities);
    for (let c = 0; c < width; c++) {
      const logP = logProbabilities[c]!;
      const p = Math.exp(logP);
      marginal[c] = marginal[c]! + p;
      if (p > 0) negativeEntropies += p * logP;
    }
  }
  const count = to - from;
  let marginalTerm = 0;
  for (const sum of marginal) if (sum > 0) marginalTerm += sum * Math.log(sum / count);
  return Math.exp((negativeEntropies - marginalTerm) / count);
}

function logSoftmax({ data, width }: FeatureRows, row: number, out: Float64Array): void {
  const logits = data.subarray(row * width, (row + 1) * width);
  let largest = Number.NEGATIVE_INFINITY;
  for (const x of logits) largest = Math.max(largest, x);
  let sum = 0;
  for (const x of logits) sum += Math.exp(x - largest);
  const shift = largest + Math.log(sum);
  for (let c = 0; c < width; c++) out[c] = logits[c]! - shift;
}
