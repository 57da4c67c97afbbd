import { apply } from "../ir/apply";
import type { DType } from "../ir/dtype";
import { isFloat } from "../ir/dtype";
import type { Graph } from "../ir/graph";
import type { OpName } from "../ir/ops";
import { inScope } from "../ir/scope";
import { sizeOf } from "../ir/shape";
import type { Tensor } from "../ir/tensor";
import { rewrite, rewriteTensors } from "./rewrite";

/** What a network computes in; what it takes and gives is f32 in any case. */
export type Precision = "f32" | "f16" | "bf16";

/**
 * What becomes of an operation in a network of low precision.
 * - `product`: computed in the low precision. That is where the time goes, and its sums are made in f32 by the hardware.
 * - `follow`: in the low precision where its largest operands are, else in f32.
 * - `wide`: in f32: what adds up many numbers, or leaves the range of f16.
 * - `norm`: the same, with a result that goes on in the precision of the input.
 * - `source`: not computed.
 */
type Rule = "product" | "follow" | "wide" | "norm" | "source";

const rules: { readonly [O in OpName]: Rule } = {
  input: "source",
  constant: "source",
  neg: "follow",
  exp: "wide",
  log: "wide",
  sqrt: "wide",
  sin: "wide",
  cos: "wide",
  tanh: "follow",
  abs: "follow",
  floor: "wide",
  add: "follow",
  sub: "follow",
  mul: "follow",
  div: "follow",
  max: "follow",
  min: "follow",
  less: "wide",
  equal: "wide",
  select: "follow",
  cast: "wide",
  stopGradient: "follow",
  barrier: "follow",
  matmul: "product",
  conv2d: "product",
  maxPool2d: "follow",
  reduceSum: "wide",
  reduceMax: "wide",
  reshape: "follow",
  transpose: "follow",
  broadcastTo: "follow",
  slice: "follow",
  pad: "follow",
  concat: "follow",
  gather: "wide",
  scatterAdd: "wide",
  sigmoid: "follow",
  silu: "follow",
  gelu: "follow",
  softmax: "norm",
  layerNorm: "norm",
  rmsNorm: "norm",
  linear: "product",
  biasedConv2d: "product",
  avgPool2d: "norm",
  upsampleNearest: "follow",
  groupNorm: "norm",
  attention: "product",
};

/**
 * Mixed precision: the same function with the matrix products, and what lies between them, in `precision`; inputs and
 * outputs stay as they are, so weights stay in f32. Made before differentiation, since the gradient of a cast brings the
 * gradients of the weights back to f32.
 */
export function castPrecision(graph: Graph, precision: Precision): Graph {
  const outputs = castTensors(
    graph.outputs.map(({ tensor }) => tensor),
    precision,
  );
  return { ...graph, outputs: graph.outputs.map(({ name }, i) => ({ name, tensor: outputs[i]! })) };
}

/** `castPrecision` of tensors and all that they are made from. */
export function castTensors<T extends Tensor>(outputs: readonly T[], precision: Precision): T[] {
  if (precision === "f32") return [...outputs];
  const cast = rewriteTensors(outputs, (node) => inScope(node.scope, () => lowered(node, precision)));
  return cast.map((tensor, i) => tensor.cast(outputs[i]!.dtype) as T);
}

function lowered(node: Tensor, low: DType): Tensor {
  const rule = rules[node.op];
  if (rule === "source") return node;
  const floats = node.inputs.filter(({ dtype }) => isFloat(dtype));
  if (floats.length === 0) return node;
  const largest = Math.max(...floats.map(({ shape }) => sizeOf(shape)));
  const areLow = floats.every((x) => x.dtype === low || sizeOf(x.shape) < largest);
  const computed = withFloats(node, rule === "product" || (rule === "follow" && areLow) ? low : "f32");
  return rule === "norm" && areLow ? computed.cast(low) : computed;
}

/**
 * Computes in f32 what low precision is not fit for, wherever it comes from: gradients and decompositions of operations of
 * low precision hold sums and exponentials too.
 * @param wide operations that a device is not fit for either
 */
export function widenSensitive(graph: Graph, wide: ReadonlySet<OpName>): Graph {
  return rewrite(graph, (node) => {
    const isSensitive = wide.has(node.op) || (node.op !== "cast" && ["wide", "norm"].includes(rules[node.op]));
    if (!isSensitive || !isFloat(node.dtype) || node.dtype === "f32") return node;
    return inScope(node.scope, () => withFloats(node, "f32").cast(node.dtype));
  });
}

/** The same operation with its float inputs in another dtype. */
function withFloats(node: Tensor, dtype: DType): Tensor {
  const inputs = node.inputs.map((x) => (isFloat(x.dtype) ? x.cast(dtype) : x));
  return inputs.every((x, i) => x === node.inputs[i]) && (!isFloat(node.dtype) || node.dtype === dtype)
    ? node
    : apply(node.op, inputs as never, node.attributes);
}
