import type { Tensor } from "@dit/core";
import { type Node, sizeOf } from "@dit/core/internal";
import { elementTypeOf } from "../elementTypes";
import { attr, elementTypes } from "../onnx/model";
import { convolution, poolAttributes } from "./convolution";
import type { Emitter } from "./emitter";
import type { Lowering, PrimitiveTable } from "./target";

/** Where each primitive becomes ONNX on a processor. */
export const primitives: PrimitiveTable = {
  input: (_, { attributes }) => attributes.name,
  constant: (emit, { attributes }) => emit.constant(attributes.value),

  neg: same("Neg"),
  exp: same("Exp"),
  log: same("Log"),
  sqrt: same("Sqrt"),
  sin: same("Sin"),
  cos: same("Cos"),
  tanh: same("Tanh"),
  abs: same("Abs"),
  floor: same("Floor"),

  add: same("Add"),
  sub: same("Sub"),
  mul: same("Mul"),
  div: same("Div"),
  max: (emit, { inputs: [, b] }, inputs) => (isZero(b) ? emit.op("Relu", [inputs[0]!]) : emit.op("Max", inputs)),
  min: same("Min"),
  less: same("Less"),
  equal: same("Equal"),
  select: same("Where"),

  cast: (emit, { attributes: { to } }, [x]) => {
    const known = to === "f16" ? emit.halved(x!) : undefined;
    return known ?? emit.op("Cast", [x!], { attributes: { to: attr.int(elementTypes[elementTypeOf[to]].code) } });
  },
  stopGradient: same("Identity"),
  // Reshape hands its memory on without a copy, but cannot do so before it knows the shape: a shape worked out from the
  // others. A value of shape computations is what neither folding nor merging of equal nodes looks through.
  barrier: (emit, { shape, inputs: [, ...after] }, [x, ...names]) => {
    const nothing = emit.once(`nothing of ${names}`, () => zeroFrom(emit, after, names));
    return emit.op("Reshape", [x!, emit.op("Add", [emit.ints(shape), nothing])]);
  },

  matmul: (emit, node, inputs) => {
    const blocked = blockedProduct(emit, node, inputs);
    if (blocked !== undefined) return blocked;
    const { transposeA, transposeB } = node.attributes;
    if (node.rank === 2 || !(transposeA || transposeB)) return standardMatmul(emit, node, inputs);
    const attributes = { transA: attr.int(transposeA ? 1 : 0), transB: attr.int(transposeB ? 1 : 0) };
    return emit.op("FusedMatMul", inputs, { domain: "com.microsoft", attributes });
  },

  conv2d: convolution,
  maxPool2d: (emit, { attributes }, inputs) => emit.op("MaxPool", inputs, { attributes: poolAttributes(attributes) }),

  reduceSum: (emit, node, inputs) => {
    const {
      attributes,
      inputs: [x],
      dtype,
    } = node;
    // Column sums as a product with ones: a bias's gradient is one, and this is four times as fast as ReduceSum.
    const isColumns = x.rank === 2 && dtype === "f32" && attributes.axes.length === 1 && attributes.axes[0] === 0;
    if (!isColumns) return reduction("ReduceSum")(emit, node, inputs);
    const sums = emit.blocks?.columnSums(inputs[0]!);
    if (sums !== undefined) return sums;
    const ones = emit.reshape(emit.filled(1, x.shape[0]!), [1, x.shape[0]!]);
    return emit.op("MatMul", [ones, inputs[0]!]);
  },
  reduceMax: reduction("ReduceMax"),

  reshape: (emit, { shape, inputs: [x] }, [name]) =>
    emit.blocks?.reshape(name!, x, shape) ?? emit.reshape(name!, shape),
  transpose: (emit, { attributes: { permutation } }, inputs) =>
    emit.op("Transpose", inputs, { attributes: { perm: attr.ints(permutation) } }),
  broadcastTo: (emit, { shape }, [x]) => emit.op("Expand", [x!, emit.ints(shape)]),
  slice: (emit, { attributes: { starts, sizes }, inputs: [x] }, [name]) => {
    const isRows = sizes.every((size, axis) => axis === 0 || size === x.shape[axis]);
    const known = isRows ? emit.rows(name!, starts[0]!, starts[0]! + sizes[0]!) : undefined;
    if (known !== undefined) return known;
    const axes = sizes.flatMap((size, axis) => (size === x.shape[axis] ? [] : [axis]));
    const from = axes.map((axis) => starts[axis]!);
    const to = axes.map((axis) => starts[axis]! + sizes[axis]!);
    return emit.op("Slice", [name!, emit.ints(from), emit.ints(to), emit.ints(axes)]);
  },
  pad: (emit, { attributes: { before, after } }, [x]) => emit.op("Pad", [x!, emit.ints([...before, ...after])]),
  concat: (emit, { attributes: { axis } }, inputs) =>
    emit.op("Concat", inputs, { attributes: { axis: attr.int(axis) } }),

  gather: (emit, _, inputs) => emit.op("Gather", inputs),
  // A product with one-hot rows. ScatterND adds rows that meet on several threads at once, and loses some of them; on
  // graphics processors sums come in another order each time, so that no run could be repeated. An update that is no number
  // spoils the sums of all rows.
  scatterAdd: (emit, { shape, dtype, inputs: [rows] }, [indices, updates]) => {
    const [count, width] = [sizeOf(rows.shape), sizeOf(shape.slice(1))];
    const numbers = Int32Array.from({ length: shape[0]! }, (_, i) => i);
    const everyRow = emit.constant({ dtype: "i32", shape: [shape[0]!, 1], data: numbers });
    const isRow = emit.op("Equal", [everyRow, emit.reshape(indices!, [1, count])]);
    const oneHot = emit.op("Cast", [isRow], { attributes: { to: attr.int(elementTypes[elementTypeOf[dtype]].code) } });
    return emit.reshape(emit.op("MatMul", [oneHot, emit.reshape(updates!, [count, width])]), shape);
  },
};

function blockedProduct(emit: Emitter, node: Node<"matmul">, [a, b]: readonly string[]): string | undefined {
  const { dtype, rank, shape, attributes, inputs } = node;
  if (dtype !== "f32") return undefined;
  const sizes = { m: shape.at(-2)!, n: shape.at(-1)!, k: inputs[0].shape.at(attributes.transposeA ? -2 : -1)! };
  const product = { a: a!, b: b!, ...attributes, sizes, shape };
  return rank === 2 ? emit.blocks?.product(product) : emit.blocks?.stackedProduct(product);
}

/** A product by the standard operators, which know no transposed stacks. */
export const standardMatmul: Lowering<Node<"matmul">> = (emit, { attributes, rank }, [a, b]) => {
  const { transposeA, transposeB } = attributes;
  if (rank > 2)
    return emit.op("MatMul", [transposeA ? turned(emit, a!, rank) : a!, transposeB ? turned(emit, b!, rank) : b!]);
  return emit.op("Gemm", [a!, b!], {
    attributes: { transA: attr.int(transposeA ? 1 : 0), transB: attr.int(transposeB ? 1 : 0) },
  });
};

/** The last two axes swapped. */
function turned(emit: Emitter, x: string, rank: number): string {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const perm = attr.ints([...axes.slice(0, -2), rank - 1, rank - 2]);
  return emit.op("Transpose", [x], { attributes: { perm } });
}

/** An int64 [1] that is 0, whatever one element of each tensor is: also of those that are no numbers. */
function zeroFrom(emit: Emitter, tensors: readonly Tensor[], names: readonly string[]): string {
  const elements = tensors.map(({ rank }, i) => {
    const ends = (end: number) => emit.ints(new Array<number>(rank).fill(end));
    const corner = rank === 0 ? names[i]! : emit.op("Slice", [names[i]!, ends(0), ends(1)]);
    return emit.op("Cast", [emit.reshape(corner, [1])], { attributes: { to: attr.int(elementTypes.int64.code) } });
  });
  const joined =
    elements.length === 1 ? elements[0]! : emit.op("Concat", elements, { attributes: { axis: attr.int(0) } });
  const zeros = emit.op("Mul", [joined, emit.ints([0])]);
  return elements.length === 1 ? zeros : emit.op("ReduceSum", [zeros, emit.ints([0])]);
}

/** ONNX takes no axes for all axes unless it is told not to. */
export function reduction(opType: string): Lowering<Node<"reduceSum" | "reduceMax">> {
  return (emit, { attributes: { axes } }, [x]) =>
    emit.op(opType, [x!, emit.ints(axes)], { attributes: { noop_with_empty_axes: attr.int(1) } });
}

/** Whether a tensor is the number 0, which leaves the shape of what it meets as it is. */
function isZero(x: Tensor): boolean {
  return x.is("constant") && x.rank === 0 && x.attributes.value.data[0] === 0;
}

function same(opType: string): Lowering<unknown> {
  return (emit, _, inputs) => emit.op(opType, inputs);
}
