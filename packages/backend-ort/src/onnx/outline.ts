import { FormatError } from "@dit/core";
import { type ElementType, type ExternalData, elementTypes } from "./model";
import { type ProtoField, protoFields, protoNumbers, protoText } from "./protobufReader";

// Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).

/** A constant, without its values. */
export interface TensorOutline {
  readonly name: string;
  readonly elementType: ElementType;
  readonly dims: readonly number[];
  /** Where its values lie, when that is another file. */
  readonly external?: ExternalData;
}

/** An input or output. */
export interface PortOutline {
  readonly name: string;
  readonly elementType: ElementType;
  /** Sizes, or the names of those that are open. */
  readonly shape: readonly (number | string)[];
}

export interface NodeOutline {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Graphs among its attributes, such as a loop's body. */
  readonly bodies: readonly GraphOutline[];
}

export interface GraphOutline {
  readonly name: string;
  readonly nodes: readonly NodeOutline[];
  readonly initializers: readonly TensorOutline[];
  readonly inputs: readonly PortOutline[];
  readonly outputs: readonly PortOutline[];
}

/** What an ONNX file says, without the values of its constants and attributes. */
export interface ModelOutline {
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: GraphOutline;
}

/** Reads the bytes of an `.onnx` file. @throws FormatError for what is none */
export function readOutline(bytes: Uint8Array): ModelOutline {
  const model = fieldsOf(bytes);
  const graph = model.messages(7)[0];
  if (graph === undefined) throw new FormatError("not an ONNX model: it has no graph");
  return {
    irVersion: model.number(1),
    opsets: Object.fromEntries(model.messages(8).map((set) => [set.text(1), set.number(2)])),
    metadata: entries(model.messages(14)),
    graph: graphOutline(graph),
  };
}

function graphOutline(graph: Fields): GraphOutline {
  return {
    name: graph.text(2),
    nodes: graph.messages(1).map(nodeOutline),
    initializers: graph.messages(5).map(tensorOutline),
    inputs: graph.messages(11).map(portOutline),
    outputs: graph.messages(12).map(portOutline),
  };
}

function nodeOutline(node: Fields): NodeOutline {
  return {
    name: node.text(3),
    opType: node.text(4),
    domain: node.text(7),
    inputs: node.texts(1),
    outputs: node.texts(2),
    bodies: node.messages(5).flatMap((attribute) => attribute.messages(6).map(graphOutline)),
  };
}

function tensorOutline(tensor: Fields): TensorOutline {
  const name = tensor.text(8);
  const shape = { name, elementType: elementTypeOf(tensor.number(2)), dims: tensor.numbers(1) };
  const { location, offset = "0", length } = entries(tensor.messages(13));
  if (tensor.number(14) === 0) return shape;
  if (location === undefined || length === undefined)
    throw new FormatError(`constant ${name} lies in another file, but the model does not say where`);
  return { ...shape, external: { location, offset: Number(offset), length: Number(length) } };
}

function portOutline(port: Fields): PortOutline {
  const tensor = port.messages(2)[0]?.messages(1)[0];
  const dims = tensor?.messages(2)[0]?.messages(1);
  if (tensor === undefined || dims === undefined)
    throw new FormatError(`${port.text(1)} is no tensor of a known number of axes`);
  const shape = dims.map((dim) => (dim.text(2) === "" ? dim.number(1) : dim.text(2)));
  return { name: port.text(1), elementType: elementTypeOf(tensor.number(1)), shape };
}

function elementTypeOf(code: number): ElementType {
  const found = (Object.keys(elementTypes) as ElementType[]).find((name) => elementTypes[name].code === code);
  if (found === undefined) throw new FormatError(`unknown ONNX element type ${code}`);
  return found;
}

function entries(messages: readonly Fields[]): Record<string, string> {
  return Object.fromEntries(messages.map((entry) => [entry.text(1), entry.text(2)]));
}

interface Fields {
  number(field: number): number;
  /** A repeated number, packed or not. */
  numbers(field: number): number[];
  /** Empty where it is missing. */
  text(field: number): string;
  texts(field: number): string[];
  messages(field: number): Fields[];
}

function fieldsOf(message: Uint8Array): Fields {
  const byNumber = new Map<number, ProtoField[]>();
  for (const field of protoFields(message)) {
    const known = byNumber.get(field.field);
    if (known === undefined) byNumber.set(field.field, [field]);
    else known.push(field);
  }
  const of = (field: number) => byNumber.get(field) ?? [];
  const bytes = (field: number) =>
    of(field).map((found) => {
      if (found.kind === "bytes") return found.value;
      throw new FormatError(`not an ONNX model: field ${field} is a number`);
    });
  const texts = (field: number) => bytes(field).map(protoText);
  return {
    number: (field) => {
      const found = of(field).at(-1);
      return found === undefined || found.kind === "bytes" ? 0 : Number(found.value);
    },
    numbers: (field) =>
      of(field).flatMap((found) => (found.kind === "bytes" ? protoNumbers(found.value) : [Number(found.value)])),
    text: (field) => texts(field).at(-1) ?? "",
    texts,
    messages: (field) => bytes(field).map(fieldsOf),
  };
}
