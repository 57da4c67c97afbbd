import type { HostTensor } from "@dit/core";
import { elementTypeOf } from "../elementTypes";
import { type AttributeValue, bytesOf, type NodeProto, type TensorProto } from "../onnx/model";

interface OpOptions {
  readonly domain?: "com.microsoft";
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/**
 * Collects the ONNX nodes of one graph. Values are known by name; a node's name holds the model path, so that an error of
 * the runtime leads back to the definition. A loop's body has an emitter of its own that shares the outer constants.
 */
export class Emitter {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[];
  /** Model path of what is being emitted. */
  scope = "";
  private readonly known: Map<string, string>;
  private readonly counter: { next: number };

  constructor(outer?: Emitter) {
    this.initializers = outer?.initializers ?? [];
    this.known = outer?.known ?? new Map();
    this.counter = outer?.counter ?? { next: 0 };
  }

  /** One node with one output, whose name is returned. An empty input name leaves an optional input out. */
  op(opType: string, inputs: readonly string[], options: OpOptions = {}): string {
    return this.ops(opType, inputs, 1, options)[0]!;
  }

  /** One node with several outputs. */
  ops(opType: string, inputs: readonly string[], count: number, { domain, attributes }: OpOptions = {}): string[] {
    const id = this.counter.next++;
    const outputs = Array.from({ length: count }, (_, i) => (i === 0 ? `v${id}` : `v${id}.${i}`));
    this.nodes.push({
      opType,
      inputs,
      outputs,
      name: `${this.scope === "" ? "" : `${this.scope}/`}${opType}_${id}`,
      ...(domain === undefined ? {} : { domain }),
      ...(attributes === undefined ? {} : { attributes }),
    });
    return outputs;
  }

  /** Gives the value that the newest nodes made another name. False when none of this graph's nodes makes it. */
  rename(value: string, name: string): boolean {
    const at = this.nodes.findLastIndex((node) => node.outputs.includes(value));
    const node = this.nodes[at];
    if (node === undefined) return false;
    this.nodes[at] = { ...node, outputs: node.outputs.map((output) => (output === value ? name : output)) };
    return true;
  }

  /** A constant of whole numbers, as ONNX wants shapes and axes. Equal ones are stored once. */
  ints(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.shared(`i64[${values}]`, { elementType: "int64", dims: [values.length], data: bytesOf(data) });
  }

  /** A scalar f32. */
  number(value: number): string {
    const data = Float32Array.of(value);
    return this.shared(`f32 ${value}`, { elementType: "float32", dims: [], data: bytesOf(data) });
  }

  /** A f32 vector of equal numbers. */
  filled(value: number, size: number): string {
    const data = new Float32Array(size).fill(value);
    return this.shared(`f32[${size}] ${value}`, { elementType: "float32", dims: [size], data: bytesOf(data) });
  }

  /** A tensor's value. */
  constant({ dtype, shape, data }: HostTensor, name = `c${this.counter.next++}`): string {
    this.initializers.push({ name, elementType: elementTypeOf[dtype], dims: shape, data: bytesOf(data) });
    return name;
  }

  /** `x` seen with another shape. */
  reshape(x: string, shape: readonly number[]): string {
    return this.op("Reshape", [x, this.ints(shape)]);
  }

  private shared(key: string, value: Omit<TensorProto, "name">): string {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const name = `c${this.counter.next++}`;
    this.initializers.push({ ...value, name });
    this.known.set(key, name);
    return name;
  }
}
