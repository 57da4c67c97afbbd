import {
  type AttributeValue,
  bytesOfTensor,
  elementTypes,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./model";
import { ProtoWriter } from "./protobuf";

// Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).

const maxBytes = 2 ** 31 - 1;

/** Serialises a model to the bytes of an `.onnx` file. Throws beyond protobuf's 2 GiB: use external data there. */
export function encodeModel(model: ModelProto): Uint8Array {
  const out = new ProtoWriter();
  out.int(1, model.irVersion);
  optionalString(out, 2, model.producerName);
  optionalString(out, 3, model.producerVersion);
  if (model.modelVersion !== undefined) out.int(5, model.modelVersion);
  optionalString(out, 6, model.docString);
  out.message(7, (inner) => writeGraph(inner, model.graph));
  for (const [domain, version] of Object.entries(model.opsets)) {
    out.message(8, (inner) => {
      inner.string(1, domain);
      inner.int(2, version);
    });
  }
  writeEntries(out, 14, model.metadata ?? {});
  if (out.length > maxBytes) {
    throw new RangeError(`ONNX model of ${out.length} bytes exceeds protobuf's 2 GiB; store weights as external data`);
  }
  return out.finish();
}

function writeGraph(out: ProtoWriter, graph: GraphProto): void {
  for (const node of graph.nodes) out.message(1, (inner) => writeNode(inner, node));
  out.string(2, graph.name);
  for (const tensor of graph.initializers ?? []) out.message(5, (inner) => writeTensor(inner, tensor));
  optionalString(out, 10, graph.docString);
  for (const value of graph.inputs) out.message(11, (inner) => writeValueInfo(inner, value));
  for (const value of graph.outputs) out.message(12, (inner) => writeValueInfo(inner, value));
  for (const value of graph.valueInfo ?? []) out.message(13, (inner) => writeValueInfo(inner, value));
}

function writeNode(out: ProtoWriter, node: NodeProto): void {
  for (const input of node.inputs) out.string(1, input);
  for (const output of node.outputs) out.string(2, output);
  optionalString(out, 3, node.name);
  out.string(4, node.opType);
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    out.message(5, (inner) => writeAttribute(inner, name, value));
  }
  optionalString(out, 6, node.docString);
  optionalString(out, 7, node.domain);
}

function writeAttribute(out: ProtoWriter, name: string, attribute: AttributeValue): void {
  out.string(1, name);
  switch (attribute.type) {
    case "float":
      out.float(2, attribute.value);
      out.int(20, 1);
      break;
    case "int":
      out.int(3, attribute.value);
      out.int(20, 2);
      break;
    case "string":
      out.string(4, attribute.value);
      out.int(20, 3);
      break;
    case "tensor":
      out.message(5, (inner) => writeTensor(inner, attribute.value));
      out.int(20, 4);
      break;
    case "graph":
      out.message(6, (inner) => writeGraph(inner, attribute.value));
      out.int(20, 5);
      break;
    case "floats":
      out.packedFloats(7, attribute.value);
      out.int(20, 6);
      break;
    case "ints":
      out.packedInts(8, attribute.value);
      out.int(20, 7);
      break;
    case "strings":
      for (const value of attribute.value) out.string(9, value);
      out.int(20, 8);
      break;
  }
}

function writeTensor(out: ProtoWriter, tensor: TensorProto): void {
  const data = typeof tensor.data === "function" ? tensor.data() : tensor.data;
  const [expected, actual] = [bytesOfTensor(tensor), data.length];
  if (actual !== expected) {
    const shape = tensor.dims.join("x");
    throw new RangeError(
      `ONNX tensor "${tensor.name ?? ""}" (${tensor.elementType} ${shape}) needs ${expected} bytes, got ${actual}`,
    );
  }
  out.packedInts(1, tensor.dims);
  out.int(2, elementTypes[tensor.elementType].code);
  optionalString(out, 8, tensor.name);
  optionalString(out, 12, tensor.docString);
  if (data instanceof Uint8Array) {
    out.bytes(9, data);
  } else {
    const { location, offset, length } = data;
    writeEntries(out, 13, { location, offset: String(offset), length: String(length) });
    out.int(14, 1);
  }
}

function writeValueInfo(out: ProtoWriter, value: ValueInfoProto): void {
  out.string(1, value.name);
  out.message(2, (type) => {
    type.message(1, (tensor) => {
      tensor.int(1, elementTypes[value.elementType].code);
      const { shape } = value;
      if (shape !== undefined) tensor.message(2, (inner) => writeShape(inner, shape));
    });
  });
  optionalString(out, 3, value.docString);
}

function writeShape(out: ProtoWriter, shape: NonNullable<ValueInfoProto["shape"]>): void {
  for (const dim of shape) {
    out.message(1, (inner) => {
      if (typeof dim === "number") inner.int(1, dim);
      else if (dim !== null) inner.string(2, dim);
    });
  }
}

function writeEntries(out: ProtoWriter, field: number, entries: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(entries)) {
    out.message(field, (inner) => {
      inner.string(1, key);
      inner.string(2, value);
    });
  }
}

function optionalString(out: ProtoWriter, field: number, value: string | undefined): void {
  if (value !== undefined) out.string(field, value);
}
