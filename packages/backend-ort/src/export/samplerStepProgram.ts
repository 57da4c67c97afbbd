import type { Graph, Model, SampleSettings } from "@dit/core";
import { imageScan, nodesOf, prefixed, samplerTable, stepGraph } from "@dit/core/internal";
import { lowerGraph } from "../lower/lowerGraph";
import type { Program } from "./program";
import { exportFormats, type ProgramOptions, targetOf } from "./programOptions";

/**
 * One call of the network and what a sampler makes of it: x [N, C, I, J], what its state keeps beside x (`anchor`, `d1`,
 * `d2`, `d3`), y [N], the guidance scale, and `row.*`, the numbers of one row of the sampler's table -> `next.*`.
 */
export function samplerStepProgram(model: Model, given: SampleSettings, options: ProgramOptions = {}): Program {
  const { config, weights } = model;
  const settings = { ...given, precision: exportFormats[options.dtype ?? "f32"].precision };
  const table = samplerTable(config, settings);
  const bound = prefixed("params", weights);
  return (batchSize) => {
    const step = stepGraph(imageScan(config, settings, table, batchSize));
    return lowerGraph(withoutIdle(step), bound, targetOf(options));
  };
}

/** A graph without the inputs that it does not read: an unguided step has a guidance scale only in name. */
function withoutIdle(graph: Graph): Graph {
  const read = new Set(nodesOf(graph));
  return { ...graph, inputs: graph.inputs.filter(({ tensor }) => read.has(tensor)) };
}
