import type { Metric } from "../run/metrics";
import type { ChartSeries, ChartSpec } from "./chart";
import { envelope, extent, type MetricKey, type Point, pointsOf, quantile, smooth, thin } from "./series";
import type { Range } from "./ticks";

/** Enough for a screen, few enough for a file that opens at once, however long the run. */
const maxPoints = 600;

/** The charts of a run, those left out for which nothing was measured. */
export function runCharts(metrics: readonly Metric[]): ChartSpec[] {
  const steps = stepRange(metrics);
  const small = [
    smallChart("gradient", "Gradient norm", "gradNorm", metrics, steps),
    smallChart("rate", "Learning rate", "learningRate", metrics, steps),
    smallChart("bits", "Variational bits", "vb", metrics, steps),
    smallChart("train", "Reconstruction error", "reconstruction", metrics, steps),
    smallChart("bits", "Nats of a latent", "kl", metrics, steps),
    smallChart("speed", "Images per second", "imagesPerSecond", metrics, steps),
  ];
  return [lossChart(metrics, steps), ...small].filter((spec) => spec !== undefined);
}

function lossChart(metrics: readonly Metric[], steps: Range): ChartSpec | undefined {
  const raw = pointsOf(metrics, "loss");
  const validation = thin(pointsOf(metrics, "validationLoss"), maxPoints);
  if (raw.length === 0 && validation.length === 0) return undefined;
  const smoothed = smooth(raw);
  // Single spikes of the raw curve may leave the picture; the smoothed one and the validation never do.
  const shown: Point[] = [...smoothed, ...validation, [0, quantile(raw, 0.005)], [0, quantile(raw, 0.995)]];
  const linear = { scale: "linear" as const, range: linearRange(shown) };
  const positive = logRange(shown);
  const log = positive && { scale: "log" as const, range: positive };
  // Diffusion losses fall from 1 to a few hundredths within the first moments; on a linear axis the rest is a flat line.
  const [lowest, highest] = extent(smoothed.map((point) => point[1]));
  const steep = lowest > 0 && highest > 4 * lowest;
  const series: ChartSeries[] = [
    { name: "training, as logged", kind: "faint", colour: "train", points: envelope(raw, maxPoints * 2) },
    { name: "training, smoothed", kind: "line", colour: "train", points: thin(smoothed, maxPoints) },
    { name: "validation", kind: "dots", colour: "validation", points: validation },
  ];
  return {
    id: "loss",
    title: "Loss",
    size: "large",
    steps,
    series: series.filter(({ points }) => points.length > 0),
    views: !log ? [linear] : steep ? [log, linear] : [linear, log],
  };
}

function smallChart(
  colour: ChartSeries["colour"],
  title: string,
  key: MetricKey,
  metrics: readonly Metric[],
  steps: Range,
): ChartSpec | undefined {
  const points = pointsOf(metrics, key);
  if (points.length === 0) return undefined;
  const noisy = key !== "learningRate";
  const line = thin(noisy ? smooth(points) : points, maxPoints);
  const top: Point[] = [...line, [0, quantile(points, 0.99)]];
  return {
    id: colour,
    title,
    size: "small",
    steps,
    series: [
      ...(noisy ? [{ name: "as logged", kind: "faint", colour, points: envelope(points, maxPoints) } as const] : []),
      { name: title.toLowerCase(), kind: "line", colour, points: line },
    ],
    views: [{ scale: "linear", range: linearRange(top) }],
  };
}

/** From 0, as what is measured here are sizes; a little air above. */
function linearRange(points: readonly Point[]): Range {
  const [low, high] = extent([0, ...points.map((point) => point[1]).filter(Number.isFinite)]);
  return high === low ? [low, low + 1] : [low * 1.05, high * 1.06];
}

/** Undefined when there is nothing above 0. */
function logRange(points: readonly Point[]): Range | undefined {
  const [low, high] = extent(points.map((point) => point[1]).filter((value) => value > 0));
  if (low > high) return undefined;
  return low === high ? [low / 2, low * 2] : [low * 0.9, high * 1.1];
}

function stepRange(metrics: readonly Metric[]): Range {
  const last = metrics.at(-1)?.step ?? 1;
  return [0, Math.max(1, last)];
}
