/** ONNX element types by name, with the number the format gives them and their size in bytes. */
export const elementTypes = {
  float32: { code: 1, bytes: 4 },
  uint8: { code: 2, bytes: 1 },
  int8: { code: 3, bytes: 1 },
  int32: { code: 6, bytes: 4 },
  int64: { code: 7, bytes: 8 },
  bool: { code: 9, bytes: 1 },
  float16: { code: 10, bytes: 2 },
  float64: { code: 11, bytes: 8 },
  bfloat16: { code: 16, bytes: 2 },
} as const;

/** Name of an ONNX element type. */
export type ElementType = keyof typeof elementTypes;

/** A file beside the model that holds the bytes of a tensor. */
export interface ExternalData {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A constant: an initializer when in a graph, or the value of an attribute. */
export interface TensorProto {
  readonly name?: string;
  readonly elementType: ElementType;
  readonly dims: readonly number[];
  /** Little-endian bytes, what loads them when the model is written, or where to find them. */
  readonly data: Uint8Array | (() => Uint8Array) | ExternalData;
  readonly docString?: string;
}

/** A fixed size, the name of a symbolic one, or `null` when nothing is known. */
export type Dimension = number | string | null;

/** Name, element type and shape of a value. Without `shape` even the rank is unknown. */
export interface ValueInfoProto {
  readonly name: string;
  readonly elementType: ElementType;
  readonly shape?: readonly Dimension[];
  readonly docString?: string;
}

/** An attribute's value. Tagged, since a JavaScript number does not tell an int from a float. */
export type AttributeValue =
  | { readonly type: "int"; readonly value: number | bigint }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "tensor"; readonly value: TensorProto }
  | { readonly type: "graph"; readonly value: GraphProto }
  | { readonly type: "ints"; readonly value: readonly (number | bigint)[] }
  | { readonly type: "floats"; readonly value: readonly number[] }
  | { readonly type: "strings"; readonly value: readonly string[] };

/** One operator call. An empty string among the inputs or outputs leaves an optional one out. */
export interface NodeProto {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Operator set; the standard one when absent. */
  readonly domain?: string;
  readonly name?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly docString?: string;
}

/** A graph: the model's own, or the body of a control-flow node such as `Loop`. Nodes are in topological order. */
export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
  readonly initializers?: readonly TensorProto[];
  readonly valueInfo?: readonly ValueInfoProto[];
  readonly docString?: string;
}

/** A whole model. */
export interface ModelProto {
  readonly graph: GraphProto;
  /** Version of each operator set in use, by domain; the standard domain is `""`. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly irVersion: number;
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly modelVersion?: number;
  readonly docString?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Shorthands for attribute values: `attributes: { axis: attr.int(-1) }`. */
export const attr = {
  int: (value: number | bigint): AttributeValue => ({ type: "int", value }),
  float: (value: number): AttributeValue => ({ type: "float", value }),
  string: (value: string): AttributeValue => ({ type: "string", value }),
  tensor: (value: TensorProto): AttributeValue => ({ type: "tensor", value }),
  graph: (value: GraphProto): AttributeValue => ({ type: "graph", value }),
  ints: (value: readonly (number | bigint)[]): AttributeValue => ({ type: "ints", value }),
  floats: (value: readonly number[]): AttributeValue => ({ type: "floats", value }),
  strings: (value: readonly string[]): AttributeValue => ({ type: "strings", value }),
} as const;

/** Bytes of a tensor's values, by its type. */
export function bytesOfTensor({ elementType, dims }: Pick<TensorProto, "elementType" | "dims">): number {
  return dims.reduce((size, dim) => size * dim, elementTypes[elementType].bytes);
}
