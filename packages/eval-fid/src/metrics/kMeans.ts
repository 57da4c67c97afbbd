import { uniformInts } from "@dit/core";
import { rowProducts, rowsOf } from "../algebra/rowProducts";
import type { FeatureRows } from "../statistics/featureRows";

/** Enough: the clusters of features hardly change after a few dozen rounds. */
const maxRounds = 100;

/** 2^31 - 1: the finest draw there is. */
const fine = 2 ** 31 - 1;

/**
 * Clusters of rows: [N] numbers from 0 to `clusters` - 1. Lloyd's rounds from starting points that are drawn far apart
 * (k-means++). The same for the same seed and run, on every machine.
 * Source: D. Arthur, S. Vassilvitskii, k-means++: the advantages of careful seeding, 2007.
 */
export function kMeans(rows: FeatureRows, clusters: number, seed: number, run: number): Int32Array {
  const draws = uniformInts({ seed, stream: "kMeans", step: run, sample: 0 }, clusters, fine);
  let centres = startingPoints(rows, clusters, draws);
  let labels = new Int32Array(rows.count).fill(-1);
  for (let round = 0; round < maxRounds; round++) {
    const nearest = assign(rows, centres, clusters);
    const isSettled = nearest.every((label, i) => label === labels[i]);
    labels = nearest;
    if (isSettled) break;
    centres = means(rows, labels, centres, clusters);
  }
  return labels;
}

/** Each next point is a row, drawn in proportion to its squared distance to those before. */
function startingPoints({ data, width, count }: FeatureRows, clusters: number, draws: Int32Array): Float64Array {
  const centres = new Float64Array(clusters * width);
  const weights = new Float64Array(count).fill(1);
  for (let c = 0; c < clusters; c++) {
    const row = drawn(weights, draws[c]! / fine);
    centres.set(data.subarray(row * width, (row + 1) * width), c * width);
    for (let i = 0; i < count; i++) {
      let squared = 0;
      for (let k = 0; k < width; k++) squared += (data[i * width + k]! - centres[c * width + k]!) ** 2;
      weights[i] = c === 0 ? squared : Math.min(weights[i]!, squared);
    }
  }
  return centres;
}

/** The index at which the running sum of the weights passes `share` of their sum; any where all weights are 0. */
function drawn(weights: Float64Array, share: number): number {
  const total = weights.reduce((sum, x) => sum + x, 0);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i]!;
    if (sum > share * total) return i;
  }
  return weights.length - 1;
}

/** The nearest centre of each row; |u|^2 is the same for all of them and left out. */
function assign(rows: FeatureRows, centres: Float64Array, clusters: number) {
  const halves = Float64Array.from({ length: clusters }, (_, c) => {
    const centre = centres.subarray(c * rows.width, (c + 1) * rows.width);
    return centre.reduce((sum, x) => sum + x * x, 0) / 2;
  });
  const nearest = new Int32Array(rows.count);
  const best = new Float64Array(rows.count).fill(Number.POSITIVE_INFINITY);
  rowProducts(
    rowsOf(rows.data, rows.width),
    rowsOf(centres, rows.width),
    ({ i, j, rows, columns, products, stride }) => {
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++) {
          const score = halves[j + c]! - products[r * stride + c]!;
          if (score < best[i + r]!) {
            best[i + r] = score;
            nearest[i + r] = j + c;
          }
        }
      }
    },
  );
  return nearest;
}

/** The mean of each cluster's rows; an empty cluster stays where it is. */
function means({ data, width, count }: FeatureRows, labels: Int32Array, before: Float64Array, clusters: number) {
  const centres = new Float64Array(clusters * width);
  const sizes = new Float64Array(clusters);
  for (let i = 0; i < count; i++) {
    const c = labels[i]!;
    sizes[c] = sizes[c]! + 1;
    for (let k = 0; k < width; k++) centres[c * width + k] = centres[c * width + k]! + data[i * width + k]!;
  }
  return centres.map((sum, at) => {
    const size = sizes[Math.floor(at / width)]!;
    return size === 0 ? before[at]! : sum / size;
  });
}
