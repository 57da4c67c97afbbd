import type { Metric } from "../run/metrics";

/** A point of a curve: training step and value. */
export type Point = readonly [step: number, value: number];

/** The numeric columns of `metrics.jsonl`. */
export type MetricKey = Exclude<keyof Metric, "step">;

/** The finite values of one column, in the order of steps. */
export function pointsOf(metrics: readonly Metric[], key: MetricKey): Point[] {
  const points: Point[] = [];
  for (const metric of metrics) {
    const value = metric[key];
    if (value !== undefined && Number.isFinite(value)) points.push([metric.step, value]);
  }
  return points;
}

/**
 * A moving average, centred, so that it does not trail behind a falling curve. The window grows from nothing at the beginning, where losses fall
 * steeply, to a thirtieth of the curve: long enough to take the noise of single batches away, short enough to show a bump.
 */
export function smooth(points: readonly Point[]): Point[] {
  // Twice, because one flat window leaves edges.
  return boxAverage(boxAverage(points));
}

function boxAverage(points: readonly Point[]): Point[] {
  const largest = Math.ceil(points.length / 60);
  const sums = new Float64Array(points.length + 1);
  for (const [i, point] of points.entries()) sums[i + 1] = sums[i]! + point[1];
  return points.map(([step], i) => {
    const half = Math.min(largest, i >> 2);
    const end = Math.min(points.length, i + half + 1);
    return [step, (sums[end]! - sums[i - half]!) / (end - i + half)];
  });
}

/** At most `limit` of the points, evenly spread, first and last among them. */
export function thin<T>(points: readonly T[], limit: number): T[] {
  if (points.length <= limit) return [...points];
  return Array.from({ length: limit }, (_, i) => points[Math.round((i * (points.length - 1)) / (limit - 1))]!);
}

/** At most `limit` points that keep every spike: the lowest and the highest of each stretch of the curve. */
export function envelope(points: readonly Point[], limit: number): Point[] {
  if (points.length <= limit) return [...points];
  const stretches = Math.floor(limit / 2);
  const kept: Point[] = [];
  for (let i = 0; i < stretches; i++) {
    const begin = Math.floor((i * points.length) / stretches);
    const end = Math.floor(((i + 1) * points.length) / stretches);
    let lowest = begin;
    let highest = begin;
    for (let k = begin; k < end; k++) {
      if (points[k]![1] < points[lowest]![1]) lowest = k;
      if (points[k]![1] > points[highest]![1]) highest = k;
    }
    for (const k of lowest === highest ? [lowest] : [lowest, highest].sort((a, b) => a - b)) kept.push(points[k]!);
  }
  return kept;
}

/** The value below which `share` of the points lie. */
export function quantile(points: readonly Point[], share: number): number {
  const values = Float64Array.from(points, (point) => point[1]).sort();
  return values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN;
}

/** The lowest and the highest of `values`. (Math.min would put a whole run on the stack.) */
export function extent(values: Iterable<number>): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
