import { encodeModel } from "../onnx/encode";
import { externalData } from "../onnx/externalData";
import type { ModelProto } from "../onnx/model";
import { dynamicBatch } from "./dynamicBatch";

/** What is exported, as ONNX at a batch size. */
export type Program = (batchSize: number) => ModelProto;

/** How many samples a file takes at once: so many, or as many as it is given. */
export type BatchSize = number | "dynamic";

/** The two files of an exported program. */
export interface OnnxFiles {
  /** The weights, in pieces to be written one after the other; each is loaded when it is asked for. */
  readonly data: Iterable<Uint8Array>;
  /** The model file, which may say something of the data that was written before it. */
  model(metadata: Readonly<Record<string, string>>): Uint8Array;
  /** Domains of its operators that are no part of the ONNX standard: only some runtimes know them. */
  readonly domains: readonly string[];
}

/**
 * A program as ONNX with its weights in a file beside it, which keeps the model file small and passes protobuf's 2 GB.
 * @param dataFile the name under which `data` will lie beside the model
 * @throws DitError when the batch size is dynamic and decides more than shapes
 */
export function exportProgram(
  program: Program,
  { batchSize, dataFile }: { readonly batchSize: BatchSize; readonly dataFile: string },
): OnnxFiles {
  const onnx = externalData(batchSize === "dynamic" ? dynamicBatch(program) : program(batchSize), dataFile);
  return {
    data: onnx.data,
    model: (metadata) => encodeModel({ ...onnx.model, metadata }),
    domains: Object.keys(onnx.model.opsets).filter((domain) => domain !== ""),
  };
}
