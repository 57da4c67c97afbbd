import { normal } from "../../host/normal";
import { type StreamKey, uniform, uniformInts } from "../../host/rng";

/** How training times are drawn: of a flow in [0, 1), of a chain a step in 0..steps-1. A new distribution is a new row. */
interface TimeDistribution {
  time(key: StreamKey): number;
  step(key: StreamKey, steps: number): number;
}

export const timeSamplings = {
  uniform: {
    time: (key) => uniform(key, 1)[0]!,
    step: (key, steps) => uniformInts(key, 1, steps)[0]!,
  },
  /** The sigmoid of a standard normal: the middle more often than the ends (arXiv 2403.03206, section 3.1). */
  logitNormal: {
    time: (key) => logistic(normal(key, 1)[0]!),
    step: (key, steps) => Math.floor(steps * logistic(normal(key, 1)[0]!)),
  },
} as const satisfies Record<string, TimeDistribution>;

export type TimeSampling = keyof typeof timeSamplings;

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
