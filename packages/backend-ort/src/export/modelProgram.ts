import { castPrecision, type Model } from "@dit/core";
import { networkGraph } from "../export";
import { lowerGraph } from "../lower/lowerGraph";
import type { Program } from "./program";
import { exportFormats, loweringOptions, type ProgramOptions } from "./programOptions";

/** The network: x [N, C, I, J], t [N], y [N] (which an unconditional model has not) -> output [N, out, I, J]. */
export function modelProgram(model: Model, options: ProgramOptions = {}): Program {
  const { precision } = exportFormats[options.dtype ?? "f32"];
  return (batchSize) =>
    lowerGraph(castPrecision(networkGraph(model, batchSize), precision), model.weights, loweringOptions(options));
}
