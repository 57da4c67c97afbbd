import type { ModelConfig, Weights } from "@dit/core";
import { prefixed, splitFixed, trainStep } from "@dit/core/internal";
import { lowerScanGraph } from "../lower/lowerGraph";
import type { Program } from "./program";
import { type ProgramOptions, targetOf } from "./programOptions";

/** What a train step has in it beside the network. */
export type TrainStepSettings = Omit<Parameters<typeof trainStep>[1], "batchSize">;

/**
 * Training: `steps` optimiser steps in one call, in a `Loop`. The state comes in as `carry.*` and goes out as `next.*`;
 * batches and the numbers of each step are stacked over the steps as `xs.*`, and so are the metrics `ys.*`. The weights
 * are part of the state; the file holds the fixed tables alone.
 */
export function trainStepProgram(
  config: ModelConfig,
  weights: Weights,
  settings: TrainStepSettings,
  options: ProgramOptions = {},
): Program {
  const fixed = prefixed("fixed", splitFixed(config, weights).fixed);
  return (batchSize) => lowerScanGraph(trainStep(config, { ...settings, batchSize }), fixed, targetOf(options));
}
