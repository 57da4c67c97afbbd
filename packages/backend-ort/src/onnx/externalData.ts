import { bytesOfTensor, type ModelProto, type TensorProto } from "./model";

/** A model whose constants lie in a file beside it. */
export interface ExternalModel {
  readonly model: ModelProto;
  /** The pieces of that file in their order. Each constant is loaded when its piece is asked for, and not kept. */
  readonly data: Iterable<Uint8Array>;
}

/** Moves a model's constants to a file beside it: a protobuf ends at 2 GB, and runtimes map such a file instead of copying it. */
export function externalData(model: ModelProto, location: string): ExternalModel {
  const pieces: (() => Uint8Array)[] = [];
  let end = 0;
  const initializers = (model.graph.initializers ?? []).map((tensor): TensorProto => {
    const { data } = tensor;
    const length = bytesOfTensor(tensor);
    if (length < smallestExternal || !(data instanceof Uint8Array || typeof data === "function")) return tensor;
    const padding = (alignment - (end % alignment)) % alignment;
    if (padding > 0) pieces.push(() => new Uint8Array(padding));
    pieces.push(typeof data === "function" ? data : () => data);
    const offset = end + padding;
    end = offset + length;
    return { ...tensor, data: { location, offset, length } };
  });
  return {
    model: { ...model, graph: { ...model.graph, initializers } },
    data: { [Symbol.iterator]: () => loaded(pieces) },
  };
}

function* loaded(pieces: readonly (() => Uint8Array)[]): Generator<Uint8Array> {
  for (const load of pieces) yield load();
}

/** Bytes below which a constant stays in the model file: shapes and scalars, which graph passes want to see. */
const smallestExternal = 1024;

/** Runtimes map the file into memory; whole pages of the usual size let them do so. */
const alignment = 4096;
