import { ConfigError } from "@dit/core";
import type { FeatureRows } from "../statistics/featureRows";
import { eachDistance, squaredDistance } from "./distances";

/**
 * The squared distance of each row to its k-th nearest other row: [N]. Exact: distances that may be among the k nearest
 * are computed again by direct differences. `centre`: a point near the rows.
 * @throws ConfigError when a row has fewer than k others
 */
export function neighbourRadii(rows: FeatureRows, k: number, centre: Float64Array): Float64Array {
  if (rows.count <= k) {
    throw new ConfigError(
      `the ${k} nearest neighbours of an image need at least ${k + 1} images, there are ${rows.count}`,
    );
  }
  // Ascending; the last of the k is the radius so far.
  const nearest = new Float64Array(rows.count * k).fill(Number.POSITIVE_INFINITY);
  eachDistance(
    rows,
    rows,
    centre,
    (i, j, squared, margin) => {
      const least = squared - margin;
      if (least >= nearest[i * k + k - 1]! && least >= nearest[j * k + k - 1]!) return;
      const exact = squaredDistance(rows, i, rows, j);
      insert(nearest, i * k, k, exact);
      insert(nearest, j * k, k, exact);
    },
    true,
  );
  return Float64Array.from({ length: rows.count }, (_, i) => nearest[i * k + k - 1]!);
}

/** Puts `value` into the ascending list of k from `at` on, if it is less than the last, which falls out. */
function insert(list: Float64Array, at: number, k: number, value: number): void {
  let place = at + k - 1;
  if (!(value < list[place]!)) return;
  for (; place > at && list[place - 1]! > value; place--) list[place] = list[place - 1]!;
  list[place] = value;
}
