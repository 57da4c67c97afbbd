import type { TimeSampling } from "../diffusion/timeSampling";
import type { PathName } from "./path";
import type { FlowPredictionType } from "./prediction";
import type { FlowWeighting } from "./weighting";

/** Flow matching: how a path from noise to data is laid, trained on and read (SiT, arXiv 2401.08740). */
export interface FlowConfig {
  readonly kind: "flow";
  readonly path: PathName;
  /** What the network's first C channels mean. The rest, where it has any, is not read. */
  readonly prediction: FlowPredictionType;
  /** Of the residual of a noise or score prediction. */
  readonly weighting: FlowWeighting;
  /** How training times are distributed. */
  readonly timeSampling: TimeSampling;
}

/** SiT's: velocity on the linear path, times uniform. */
export const flowDefaults: FlowConfig = {
  kind: "flow",
  path: "linear",
  prediction: "velocity",
  weighting: "none",
  timeSampling: "uniform",
};

/** Times between which something happens, 0 (noise) to 1 (data). */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

type Shape = Pick<FlowConfig, "path" | "prediction">;

/**
 * The times that training draws from. Where a coefficient has no value at an end, that end is left out: the noise of the
 * vp path has an infinite slope at time 1, and noise and score say nothing of the velocity at either end.
 */
export function trainingRange({ path, prediction }: Shape): TimeRange {
  if (path === "vp") return { from: 0, to: 1 - 1e-5 };
  return prediction === "velocity" ? { from: 0, to: 1 } : { from: 1e-3, to: 1 - 1e-3 };
}

/** The times between which sampling integrates. */
export function samplingRange({ path, prediction }: Shape): TimeRange {
  if (path === "vp") return { from: 0, to: 1 - 1e-3 };
  return prediction === "velocity" ? { from: 0, to: 1 } : { from: 1e-3, to: 1 - 1e-3 };
}
