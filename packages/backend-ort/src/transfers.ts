import type { DType, HostTensor, Tensor } from "@dit/core";
import type { Tensor as RuntimeTensor } from "onnxruntime-common";
import { elementTypeOf } from "./elementTypes";
import { copying } from "./lower/lowerGraph";
import { attr, type ModelProto, type NodeProto } from "./onnx/model";
import type { OpenSession, Sessions } from "./sessions";

/**
 * Moves values between the host and a device's memory, through sessions that copy: one road in Node and in browsers.
 * onnxruntime-node ends the process when it is asked for the data of a tensor in a GPU's memory, and it is never asked.
 */
export class Transfers {
  private readonly sessions = new Map<string, Promise<OpenSession>>();

  constructor(private readonly owner: Sessions) {}

  /** The runtime's tensor of a host's values, in the device's memory. */
  async upload(value: RuntimeTensor, dtype: DType): Promise<RuntimeTensor> {
    return this.copy("gpu-buffer", value, dtype);
  }

  /** The values of a tensor in the device's memory. */
  async read(value: RuntimeTensor, dtype: DType): Promise<HostTensor["data"]> {
    return (await this.copy("cpu", value, dtype)).data as HostTensor["data"];
  }

  /** Values of one type, one a step, as one tensor [K, ...] in the device's memory. */
  async stack(rows: readonly RuntimeTensor[], { dtype, shape }: Tensor): Promise<RuntimeTensor> {
    const session = await this.opened(`stack ${rows.length} ${dtype} [${shape}]`, () =>
      this.owner.open(stackModel(rows.length, dtype, shape)),
    );
    const { y } = await session.run(Object.fromEntries(rows.map((row, i) => [`x${i}`, row])));
    return y!;
  }

  private async copy(to: "cpu" | "gpu-buffer", x: RuntimeTensor, dtype: DType): Promise<RuntimeTensor> {
    const session = await this.opened(`${to} ${dtype}`, () => this.owner.open(copyModel(dtype), to));
    return (await session.run({ x })).y!;
  }

  private opened(key: string, open: () => Promise<OpenSession>): Promise<OpenSession> {
    const known = this.sessions.get(key) ?? open();
    this.sessions.set(key, known);
    known.catch(() => this.sessions.delete(key));
    return known;
  }
}

function copyModel(dtype: DType): ModelProto {
  return model("copy", [{ ...copying(dtype), inputs: ["x"], outputs: ["y"] }], ["x"], dtype);
}

/** Each row gets an axis of length 1, along which they are joined. */
function stackModel(count: number, dtype: DType, shape: readonly number[]): ModelProto {
  const rows = Array.from({ length: count }, (_, i) => `x${i}`);
  const reshaped = rows.map((x): NodeProto => ({ opType: "Reshape", inputs: [x, "shape"], outputs: [`row ${x}`] }));
  const join: NodeProto = {
    opType: "Concat",
    inputs: rows.map((x) => `row ${x}`),
    outputs: ["y"],
    attributes: { axis: attr.int(0) },
  };
  const stack = model("stack", [...reshaped, join], rows, dtype);
  const data = new Uint8Array(BigInt64Array.from([1, ...shape], BigInt).buffer);
  const initializers = [{ name: "shape", elementType: "int64", dims: [1 + shape.length], data }] as const;
  return { ...stack, graph: { ...stack.graph, initializers } };
}

/** A model whose inputs, and output y, are of one dtype and any shape. */
function model(name: string, nodes: readonly NodeProto[], inputs: readonly string[], dtype: DType): ModelProto {
  const value = (name: string) => ({ name, elementType: elementTypeOf[dtype] });
  return {
    irVersion: 8,
    opsets: { "": 18 },
    graph: { name, nodes, inputs: inputs.map(value), outputs: [value("y")] },
  };
}
