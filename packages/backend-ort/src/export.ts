import { bindParams, dit, ditSpec, f32, type Graph, i32, type Model, paramTypes, trace } from "@dit/core";

/**
 * The network as a graph with inputs x [N, C, I, J], t [N], y [N] (which an unconditional model has not) and output
 * [N, out, I, J]; its parameters are inputs too, by their official names.
 */
export function networkGraph({ config }: Pick<Model, "config">, batchSize: number): Graph {
  const { dit: architecture } = config;
  const spec = ditSpec(architecture);
  const x = f32([batchSize, architecture.inChannels, ...architecture.inputSize]);
  const labels = architecture.numClasses === 0 ? {} : { y: i32([batchSize]) };
  const signature = { ...paramTypes(spec).all, x, t: f32([batchSize]), ...labels };
  const graph = trace("dit", signature, ({ x, t, y, ...params }) => ({
    output: dit(bindParams(spec, params as never), x as never, t as never, y as never, architecture),
  }));
  return { ...graph, samples: ["x"] };
}
