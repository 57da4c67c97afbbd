export { encodeModel } from "./encode.js";
export {
  type AttributeValue,
  attr,
  bytesOf,
  type Dimension,
  type ElementType,
  type ExternalData,
  elementTypes,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./model.js";
