import type { Predicted } from "./level";
import { type NoiseLevel, noiseRatio } from "./level";
import type { SamplerTable } from "./table";

// For tests. On data x0 ~ N(mean, std^2) the best prediction is known in closed form, and a sampler is a linear map of
// its start and its draws. So a whole run is followed exactly, in plain numbers: no network, no draws.

export interface Toy {
  readonly mean: number;
  readonly std: number;
}

/** E[x0 | x] = fromX x + offset, and Var[x0 | x], at a level. */
export function posteriorOf({ mean, std }: Toy, { alpha, sigma }: NoiseLevel) {
  const total = (alpha * std) ** 2 + sigma ** 2;
  const fromX = (alpha * std ** 2) / total;
  return { fromX, offset: mean * (1 - fromX * alpha), variance: (std * sigma) ** 2 / total };
}

/** The map by which the probability-flow ODE takes x from one level to another: it keeps the distance in deviations. */
export function flow({ mean, std }: Toy, from: NoiseLevel, to: NoiseLevel) {
  const deviation = ({ alpha, sigma }: NoiseLevel) => Math.hypot(alpha * std, sigma);
  const slope = deviation(to) / deviation(from);
  return { slope, offset: mean * (to.alpha - slope * from.alpha) };
}

/** A number as 1, the start and each row's draw make it up, each standard normal. */
type Sum = readonly number[];

const times = (a: number, x: Sum): Sum => x.map((value) => a * value);
const plus = (...terms: readonly Sum[]): Sum =>
  Array.from({ length: Math.max(...terms.map((x) => x.length)) }, (_, i) =>
    terms.reduce((total, x) => total + (x[i] ?? 0), 0),
  );

/**
 * Follows x = slope start + offset through the rows of a table, and the deviation that x has over all draws.
 * `levels` are those of the rows' calls; the start is the first level's x, whatever coordinates the table has.
 */
export function follow(table: SamplerTable, levels: readonly NoiseLevel[], toy: Toy, type: Predicted = "eps") {
  const none: Sum = [0];
  // The start is of the variance of x at the first level, in its own coordinates.
  let x: Sum = [0, table.startScale];
  let anchor: Sum = none;
  let past: Sum[] = [none, none, none];
  table.rows.forEach((row, k) => {
    const at = levels.findIndex(({ timestep }) => timestep === row.timestep);
    const draw: Sum = [...new Array<number>(k + 2).fill(0), 1];
    x = plus(x, times(row.noiseBefore, draw));
    anchor = row.starts === 1 ? x : anchor;
    const input = times(row.inputScale, x);
    const output = outputOf(input, levels[at]!, toy, type);
    const x0 = plus(times(row.x0FromX, x), times(row.x0FromOutput, output));
    const d = plus(times(row.dFromX, x), times(row.dFromX0, x0), times(row.dFromOutput, output));
    const [d1, d2, d3] = past as [Sum, Sum, Sum];
    const drawn = table.learnedVariance
      ? row.std * Math.sqrt(trueVariance(levels[at]!, levels[at + 1]!, toy))
      : row.std;
    x = plus(
      times(row.fromX, x),
      times(row.fromAnchor, anchor),
      times(row.fromD, d),
      times(row.fromD1, d1),
      times(row.fromD2, d2),
      times(row.fromD3, d3),
      drawn === 0 ? none : times(drawn, draw),
    );
    past = [d, d1, d2];
  });
  const [offset = 0, slope = 0, ...draws] = x;
  return { slope, offset, std: Math.hypot(slope, ...draws) };
}

/** What a perfect network puts out: its target, with x0 and the noise replaced by what x says of them. */
function outputOf(x: Sum, level: NoiseLevel, toy: Toy, type: Predicted): Sum {
  const { alpha, sigma } = level;
  const { fromX, offset } = posteriorOf(toy, level);
  const x0 = plus(times(fromX, x), [offset]);
  const noise = times(1 / sigma, plus(x, times(-alpha, x0)));
  switch (type) {
    case "eps":
      return noise;
    case "x0":
      return x0;
    case "v":
      return plus(times(alpha, noise), times(-sigma, x0));
    case "velocity":
      return plus(noise, times(-1, x0));
    default:
      return type satisfies never;
  }
}

/** Variance of x at the next level given x at this one: what a perfect network's learned variance picks from the range. */
export function trueVariance(from: NoiseLevel, to: NoiseLevel, toy: Toy): number {
  const kept = noiseRatio(to) ** 2 / noiseRatio(from) ** 2;
  const bridge = to.sigma ** 2 * (1 - kept);
  return bridge + (to.alpha * (1 - kept)) ** 2 * posteriorOf(toy, from).variance;
}
