import { DitError, UnsupportedError } from "../../ir/errors";
import type { Each, InputsOf, PrimitiveName } from "../../ir/ops";
import { type Shape, sizeOf, stridesOf } from "../../ir/shape";
import type { Node } from "../../ir/tensor";
import { conv2d } from "./convolution";
import { matmul } from "./matmul";
import { maxPool2d } from "./pooling";
import { fromHost, newValue, type Value } from "./values";

type Kernel<P extends PrimitiveName> = (node: Node<P>, inputs: Each<InputsOf<P>, Value>) => Value;

/** How the reference computes each primitive: the plainest loop that is right. */
export const kernels: { readonly [P in PrimitiveName]: Kernel<P> } = {
  input: ({ attributes }) => {
    throw new UnsupportedError(`input ${attributes.name} was not given`);
  },
  constant: ({ attributes }) => fromHost(attributes.value),

  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tanh: unary(Math.tanh),
  abs: unary(Math.abs),
  floor: unary(Math.floor),

  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: (node, [a, b]) =>
    elementwise(node, [a, b], node.dtype === "i32" ? (x, y) => Math.trunc(x! / y!) : (x, y) => x! / y!),
  max: binary(Math.max),
  min: binary(Math.min),
  less: binary((a, b) => (a < b ? 1 : 0)),
  equal: binary((a, b) => (a === b ? 1 : 0)),
  select: (node, inputs) => elementwise(node, inputs, (condition, a, b) => (condition ? a! : b!)),

  cast: (node, [x]) => {
    const { to } = node.attributes;
    return newValue(
      to,
      x.shape,
      x.data.map(to === "bool" ? (v) => (v === 0 ? 0 : 1) : to === "i32" ? Math.trunc : (v) => v),
    );
  },
  stopGradient: (_, [x]) => x,
  barrier: (_, [x]) => x,

  matmul: (node, [a, b]) => matmul(node, a, b),
  conv2d: (node, [x, weight]) => conv2d(node, x, weight),
  maxPool2d: (node, [x]) => maxPool2d(node, x),

  reduceSum: (node, [x]) => reduce(node, x, 0, (sum, v) => sum + v),
  reduceMax: (node, [x]) => reduce(node, x, Number.NEGATIVE_INFINITY, Math.max),

  reshape: ({ shape, dtype }, [x]) => newValue(dtype, shape, x.data),
  transpose: (node, [x]) => {
    const strides = stridesOf(x.shape);
    return read(
      node,
      x,
      node.attributes.permutation.map((axis) => strides[axis]!),
    );
  },
  broadcastTo: (node, [x]) => read(node, x, broadcastStrides(x.shape, node.shape)),
  slice: (node, [x]) => {
    const strides = stridesOf(x.shape);
    return read(node, x, strides, offsetOf(node.attributes.starts, strides));
  },
  pad: (node, [x]) => {
    const out = newValue(node.dtype, node.shape);
    write(out, x, offsetOf(node.attributes.before, stridesOf(node.shape)));
    return out;
  },
  concat: (node, inputs) => {
    const out = newValue(node.dtype, node.shape);
    const stride = stridesOf(node.shape)[node.attributes.axis]!;
    let offset = 0;
    for (const x of inputs) {
      write(out, x, offset);
      offset += x.shape[node.attributes.axis]! * stride;
    }
    return out;
  },

  gather: (node, [table, indices]) => {
    const width = sizeOf(table.shape.slice(1));
    const out = newValue(node.dtype, node.shape);
    indices.data.forEach((row, i) => {
      requireRow(node, row, table.shape[0]!);
      out.data.set(table.data.subarray(row * width, (row + 1) * width), i * width);
    });
    return out;
  },
  scatterAdd: (node, [indices, updates]) => {
    const out = newValue(node.dtype, node.shape);
    const width = sizeOf(node.shape.slice(1));
    indices.data.forEach((row, i) => {
      requireRow(node, row, node.attributes.rows);
      for (let j = 0; j < width; j++) out.data[row * width + j]! += updates.data[i * width + j]!;
    });
    return out;
  },
};

function requireRow({ op, scope }: Node<PrimitiveName>, row: number, rows: number): void {
  if (row >= 0 && row < rows) return;
  throw new DitError(`${op}${scope === "" ? "" : ` in ${scope}`}: index ${row} is outside 0..${rows - 1}`);
}

function unary<P extends PrimitiveName>(f: (x: number) => number): Kernel<P> {
  return (node, inputs) => {
    const x = (inputs as readonly Value[])[0]!;
    return newValue(node.dtype, node.shape, x.data.map(f));
  };
}

function binary<P extends PrimitiveName>(f: (a: number, b: number) => number): Kernel<P> {
  return (node, inputs) => elementwise(node, inputs as readonly Value[], f as (...xs: number[]) => number);
}

/** Strides with which a tensor of `shape` is read as if it had shape `out`: 0 along broadcast axes. */
function broadcastStrides(shape: Shape, out: Shape): number[] {
  const lead = out.length - shape.length;
  const strides = stridesOf(shape);
  return out.map((_, i) => (i < lead || shape[i - lead] === 1 ? 0 : strides[i - lead]!));
}

function elementwise(
  node: Value | Node<PrimitiveName>,
  inputs: readonly Value[],
  f: (...xs: number[]) => number,
): Value {
  const out = newValue(node.dtype, node.shape);
  const [a, b, c] = inputs.map((x) => ({
    data: x.data,
    at: walker(node.shape, broadcastStrides(x.shape, node.shape)),
  }));
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] =
      c === undefined
        ? f(a!.data[a!.at()]!, b!.data[b!.at()]!)
        : f(a!.data[a!.at()]!, b!.data[b!.at()]!, c.data[c.at()]!);
  }
  return out;
}

/** Each call gives the next offset of a row-major walk over `shape` with the given strides. */
function walker(shape: Shape, strides: readonly number[], start = 0): () => number {
  const rank = shape.length;
  const index = new Int32Array(rank);
  let offset = start;
  return () => {
    const here = offset;
    for (let axis = rank - 1; axis >= 0; axis--) {
      offset += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      offset -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
    return here;
  };
}

function read(node: Node<PrimitiveName>, x: Value, strides: readonly number[], start = 0): Value {
  const next = walker(node.shape, strides, start);
  return newValue(
    node.dtype,
    node.shape,
    new Float64Array(sizeOf(node.shape)).map(() => x.data[next()]!),
  );
}

/** Writes `x` as a box of `out`, beginning at `start`. */
function write(out: Value, x: Value, start: number): void {
  const next = walker(x.shape, stridesOf(out.shape), start);
  for (const v of x.data) out.data[next()] = v;
}

function offsetOf(index: readonly number[], strides: readonly number[]): number {
  return index.reduce((offset, n, axis) => offset + n * strides[axis]!, 0);
}

function reduce(
  node: Node<"reduceSum" | "reduceMax">,
  x: Value,
  start: number,
  f: (a: number, b: number) => number,
): Value {
  const out = newValue(node.dtype, node.shape);
  out.data.fill(start);
  const at = walker(x.shape, broadcastStrides(node.shape, x.shape));
  for (const v of x.data) {
    const i = at();
    out.data[i] = f(out.data[i]!, v);
  }
  return out;
}
