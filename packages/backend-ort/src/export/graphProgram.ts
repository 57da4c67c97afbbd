import { castPrecision, type Graph } from "@dit/core";
import { type Bound, lowerGraph } from "../lower/lowerGraph";
import type { Program } from "./program";
import { exportFormats, type ProgramOptions, targetOf } from "./programOptions";

/**
 * Any graph, of which `graphAt` makes one for each batch size, with weights bound to it; such as an autoencoder's decoder.
 * @param bound inputs that the file holds, by name
 */
export function graphProgram(
  graphAt: (batchSize: number) => Graph,
  bound: Bound,
  options: ProgramOptions = {},
): Program {
  const { precision } = exportFormats[options.dtype ?? "f32"];
  return (batchSize) => lowerGraph(castPrecision(graphAt(batchSize), precision), bound, targetOf(options));
}
