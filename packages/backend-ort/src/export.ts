import { bindParams, dit, ditSpec, f32, type Graph, i32, type Model, paramTypes, trace } from "@dit/core";
import { lowerGraph } from "./lower/lowerGraph";
import { encodeModel } from "./onnx/encode";
import type { TensorProto } from "./onnx/model";

/** The two files of an exported model. */
export interface OnnxFiles {
  readonly model: Uint8Array;
  /** The weights, in pieces to be written one after the other. */
  readonly data: readonly Uint8Array[];
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
  const onnx = lowerGraph(networkGraph(model, batchSize), model.weights);
  const data: Uint8Array[] = [];
  let offset = 0;
  const initializers = onnx.graph.initializers!.map((tensor): TensorProto => {
    const { data: bytes } = tensor;
    if (!(bytes instanceof Uint8Array) || bytes.length < smallestExternal) return tensor;
    const padding = (alignment - (offset % alignment)) % alignment;
    if (padding > 0) data.push(new Uint8Array(padding));
    data.push(bytes);
    const external = { location: dataFile, offset: offset + padding, length: bytes.length };
    offset += padding + bytes.length;
    return { ...tensor, data: external };
  });
  const metadata = { "dit.config": JSON.stringify(model.config) };
  return { model: encodeModel({ ...onnx, metadata, graph: { ...onnx.graph, initializers } }), data };
}

/** Bytes below which a constant stays in the model file: shapes and scalars, which graph passes want to see. */
const smallestExternal = 1024;

/** Runtimes map the file into memory; whole pages of the usual size let them do so. */
const alignment = 4096;
