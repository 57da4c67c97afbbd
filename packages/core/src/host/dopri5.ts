import { DitError } from "../ir/errors";

/** What dopri5 integrates: dx/dt at a time. x is not kept by either side. */
export type Derivative = (time: number, x: Float64Array) => Promise<Float64Array>;

/** The error that a step may make: atol + rtol * |x|, as a root mean square over the elements. */
export interface Dopri5Tolerance {
  readonly atol: number;
  readonly rtol: number;
}

// Dormand and Prince 1980, with the error weights and the midpoint of Shampine 1986: what torchdiffeq integrates with.
const nodes = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1];
const stages = [
  [],
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];
const lowerOrder = [1951 / 21600, 0, 22642 / 50085, 451 / 720, -12231 / 42400, 649 / 6300, 1 / 60];
const errorWeights = lowerOrder.map((b, i) => (stages[6]![i] ?? 0) - b);
const midpoint = [
  6025192743 / 30085553152,
  0,
  51252292925 / 65400821598,
  -2691868925 / 45128329728,
  187940372067 / 1594534317056,
  -1776094331 / 19743644256,
  11237099 / 235043384,
].map((b) => b / 2);

/**
 * The states at `times` (ascending, the first is that of x0) of dx/dt = f(t, x), by the fifth-order method of Dormand and
 * Prince with steps of adapted length; between its steps it interpolates with a polynomial of degree four. The controller
 * is torchdiffeq's: a step whose error is at most 1 in units of the tolerance is kept, and the next is 0.9 / error^(1/5)
 * times as long, at most 10 and at least 0.2 times, and never shorter after a step that was kept.
 * Steps go beyond the last time, to which the result is interpolated, so `f` is asked a little later than that.
 * @throws DitError where no step is short enough
 */
export async function dopri5(
  f: Derivative,
  x0: Float64Array,
  times: readonly number[],
  tolerance: Dopri5Tolerance,
): Promise<Float64Array[]> {
  let [from, x, slope] = [times[0]!, x0, await f(times[0]!, x0)];
  let dt = await firstStep(f, from, x, slope, tolerance);
  let [to, polynomial]: [number, (part: number) => Float64Array] = [from, () => x0];
  const states = [x0];
  for (const time of times.slice(1)) {
    while (to < time) {
      // Neither where dt is lost beside the time, nor where it is no number.
      if (!(to + dt > to)) {
        throw new DitError(
          `dopri5 stops at time ${to}, where no step is short enough: the slopes grow without bound or are no numbers`,
        );
      }
      const k = await slopesOf(f, to, dt, x, slope);
      const next = moved(x, dt, stages[6]!, k);
      const error = errorOf(dt, k, x, next, tolerance);
      if (error <= 1) {
        polynomial = interpolant(dt, x, next, moved(x, dt, midpoint, k), slope, k[6]!);
        [from, to, x, slope] = [to, to + dt, next, k[6]!];
      }
      const least = error < 1 ? 1 : 0.2;
      dt *= error === 0 ? 10 : Math.min(10, Math.max(0.9 / error ** (1 / 5), least));
    }
    states.push(polynomial((time - from) / (to - from)));
  }
  return states;
}

/** The seven slopes of a step; the last is the first of the step after. */
async function slopesOf(f: Derivative, time: number, dt: number, x: Float64Array, first: Float64Array) {
  const k = [first];
  for (let i = 1; i < nodes.length; i++) k.push(await f(time + nodes[i]! * dt, moved(x, dt, stages[i]!, k)));
  return k;
}

/** A length for the first step (Hairer, Norsett and Wanner, "Solving Ordinary Differential Equations I", II.4). */
async function firstStep(
  f: Derivative,
  time: number,
  x: Float64Array,
  slope: Float64Array,
  tolerance: Dopri5Tolerance,
) {
  const scale = x.map((value) => tolerance.atol + tolerance.rtol * Math.abs(value));
  const [d0, d1] = [rootMeanSquare(x, scale), rootMeanSquare(slope, scale)];
  const h0 = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : (0.01 * d0) / d1;
  const after = await f(time + h0, moved(x, h0, [1], [slope]));
  const d2 = rootMeanSquare(
    after.map((value, i) => value - slope[i]!),
    scale,
  );
  const bend = Math.max(d1, d2 / h0);
  const h1 = bend <= 1e-15 ? Math.max(1e-6, h0 * 1e-3) : (0.01 / bend) ** (1 / 5);
  return Math.min(100 * h0, h1);
}

function errorOf(
  dt: number,
  k: readonly Float64Array[],
  x: Float64Array,
  next: Float64Array,
  tolerance: Dopri5Tolerance,
) {
  const error = moved(new Float64Array(x.length), dt, errorWeights, k);
  const { atol, rtol } = tolerance;
  const scale = x.map((value, i) => atol + rtol * Math.max(Math.abs(value), Math.abs(next[i]!)));
  return rootMeanSquare(error, scale);
}

/** The polynomial through both ends with their slopes and through the middle, by the part of the step gone. */
function interpolant(
  dt: number,
  x0: Float64Array,
  x1: Float64Array,
  middle: Float64Array,
  slope0: Float64Array,
  slope1: Float64Array,
): (part: number) => Float64Array {
  return (s) =>
    x0.map((start, i) => {
      const [end, half, f0, f1] = [x1[i]!, middle[i]!, dt * slope0[i]!, dt * slope1[i]!];
      const c4 = 2 * (f1 - f0) - 8 * (end + start) + 16 * half;
      const c3 = 5 * f0 - 3 * f1 + 18 * start + 14 * end - 32 * half;
      const c2 = f1 - 4 * f0 - 11 * start - 5 * end + 16 * half;
      return start + s * (f0 + s * (c2 + s * (c3 + s * c4)));
    });
}

/** x + dt * (weights[0] k[0] + weights[1] k[1] + ...) */
function moved(x: Float64Array, dt: number, weights: readonly number[], k: readonly Float64Array[]): Float64Array {
  return x.map((value, i) => value + dt * weights.reduce((sum, weight, j) => sum + weight * k[j]![i]!, 0));
}

function rootMeanSquare(x: Float64Array, scale: Float64Array): number {
  return Math.sqrt(x.reduce((sum, value, i) => sum + (value / scale[i]!) ** 2, 0) / x.length);
}
