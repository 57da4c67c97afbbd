import type { F32 } from "../../ir/tensor";
import { f32 } from "../../trace/signature";
import { type Losses, meanFlat } from "../diffusion/loss";
import type { FlowConfig } from "./config";
import { pathAt } from "./path";
import { flowPredictions, type Residual } from "./prediction";
import { flowWeightings } from "./weighting";

/**
 * What the loss of one sample depends on beside image and noise, made on the host in float64. The graph knows neither
 * path, prediction nor weighting: whatever they are, it computes the same from these numbers, on any backend.
 */
export interface FlowPoint extends Residual {
  readonly time: number;
  readonly alpha: number;
  readonly sigma: number;
  readonly weight: number;
}

/** The numbers of a sample at `time`. */
function flowPoint({ path, prediction, weighting }: FlowConfig, time: number): FlowPoint {
  const point = pathAt(path, time);
  const { alpha, sigma } = point;
  const weight = flowWeightings[weighting](point);
  return { time, alpha, sigma, ...flowPredictions[prediction].residual(point), weight };
}

/** The numbers of many samples, column by column. */
export function flowPoints(config: FlowConfig, times: readonly number[]): Record<keyof FlowPoint, number[]> {
  const points = times.map((time) => flowPoint(config, time));
  const column = (name: keyof FlowPoint) => points.map((point) => point[name]);
  const names = Object.keys(flowPointType(0)) as (keyof FlowPoint)[];
  return Object.fromEntries(names.map((name) => [name, column(name)])) as Record<keyof FlowPoint, number[]>;
}

/** The columns of a batch of `FlowPoint`s, [N] each. */
export function flowPointType(batchSize: number) {
  const column = f32([batchSize]);
  return {
    time: column,
    alpha: column,
    sigma: column,
    fromOutput: column,
    fromImage: column,
    fromNoise: column,
    weight: column,
  };
}

export type FlowPoints = { readonly [K in keyof FlowPoint]: F32 };

/** x_t = alpha * image + sigma * noise. x0 (the image), noise: [N, C, I, J] -> [N, C, I, J] */
export function onPath({ alpha, sigma }: Pick<FlowPoints, "alpha" | "sigma">, x0: F32, noise: F32): F32 {
  return perSample(alpha).mul(x0).add(perSample(sigma).mul(noise));
}

/** What `fromOutput` times the output should be. x0, noise: [N, C, I, J] -> [N, C, I, J] */
export function flowTarget(points: Pick<FlowPoints, "fromImage" | "fromNoise">, x0: F32, noise: F32): F32 {
  return perSample(points.fromImage).mul(x0).add(perSample(points.fromNoise).mul(noise));
}

/**
 * The flow-matching loss of each sample, [N]: the squared residual, weighted. `predict` is the network with its
 * conditioning applied, (x_t, times [N]) -> [N, out, I, J]; of its output the first C channels are read, and the rest
 * gets no gradient. `mse` is the same without the weight.
 */
export function flowLosses(
  points: FlowPoints,
  predict: (xt: F32, time: F32) => F32,
  { x0, noise }: { readonly x0: F32; readonly noise: F32 },
): Losses {
  const output = predict(onPath(points, x0, noise), points.time).slice(1, 0, x0.shape[1]!);
  const target = flowTarget(points, x0, noise);
  const mse = meanFlat(perSample(points.fromOutput).mul(output).sub(target).square());
  return { loss: points.weight.mul(mse), mse };
}

/** [N] -> [N, 1, 1, 1] */
function perSample(column: F32): F32 {
  return column.reshape([column.shape[0]!, 1, 1, 1]);
}
