import { bindParams, dit, ditSpec, f32, type Graph, i32, type Model, paramTypes, trace } from "@dit/core";
import { lowerGraph } from "./lower/lowerGraph";
import { encodeModel } from "./onnx/encode";
import { externalData } from "./onnx/externalData";

/** The two files of an exported model. */
export interface OnnxFiles {
  readonly model: Uint8Array;
  /** The weights, in pieces to be written one after the other; each is loaded when it is asked for. */
  readonly data: Iterable<Uint8Array>;
}

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

/**
 * A model as ONNX with its weights in a file beside it, which keeps the model file small and passes protobuf's 2 GB.
 * @param dataFile the name under which `data` will lie beside the model
 */
export function exportModel(model: Model, { batchSize, dataFile }: { batchSize: number; dataFile: string }): OnnxFiles {
  const onnx = externalData(lowerGraph(networkGraph(model, batchSize), model.weights), dataFile);
  const metadata = { "dit.config": JSON.stringify(model.config) };
  return { model: encodeModel({ ...onnx.model, metadata }), data: onnx.data };
}
