import { hostF32, type Shape } from "@dit/core";
import { sameShape, sizeOf } from "@dit/core/internal";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "../kernels";
import { imageOperations } from "./images";
import { neighboursOf } from "./neighbours";
import { primitives, reshape, tiled } from "./primitives";
import type { LoweringOf, Overrides } from "./tables";

/**
 * Where WebAssembly has a faster way. The milliseconds are of one core of an AMD EPYC, for the 786,432 numbers of
 * [8, 256, 384] unless said otherwise.
 */
export const wasm: Overrides = {
  /** Of plain matrices, one at a time: 40 GFLOP/s, where a stack of them runs at 3. See also `plainMatmuls`. */
  matmul: (k, { shape }, [a, b]) => {
    const count = sizeOf(shape.slice(0, -2));
    const products = Array.from({ length: count }, (_, i) => {
      const inputs = { a: matrixOf(k, a, i, count), b: matrixOf(k, b, i, count) };
      return k.run("BatchMatMul", inputs, { transposeA: false, transposeB: false });
    });
    return reshape(k, count === 1 ? products[0]! : k.run("Concat", products, { axis: 0 }), shape);
  },

  /** Added to zeros: 0.15 ms, against 60 for Tile. */
  broadcastTo: (k, { shape, dtype }, [x]) => {
    if (dtype !== "f32" || sameShape(x.shape, shape)) return tiled(k, x, shape);
    return k.run("Add", { a: x, b: k.run("Fill", {}, { shape, value: 0, dtype: "float32" }) });
  },

  /** Sums over leading or inner axes as products with ones: 0.06 and 0.5 ms, against 7 and 2.5 for Sum. */
  reduceSum: (k, node, inputs) => {
    const [groups, size, width] = neighboursOf(node);
    const isShort = size === 1 || (groups > 1 && size < fewestTerms);
    if (node.dtype !== "f32" || width === 1 || isShort) return primitives.reduceSum(k, node, inputs);
    const a = k.upload(hostF32([1, 1, size], new Float32Array(size).fill(1)));
    const b = reshape(k, inputs[0], [groups, size, width]);
    return reshape(k, k.run("BatchMatMul", { a, b }, { transposeA: false, transposeB: false }), node.shape);
  },

  /** In as few axes as it can be told: beyond four, tfjs copies number by number, 10 ms for what takes 0.1. */
  slice: (k, { shape, attributes: { starts, sizes } }, [x]) => {
    if (sameShape(x.shape, shape)) return k.share(x);
    const cut = joinedCut(x.shape, starts, sizes);
    return reshape(k, k.run("Slice", { x: reshape(k, x, cut.shape) }, { begin: cut.starts, size: cut.sizes }), shape);
  },

  max: ofPairs("Maximum"),
  min: ofPairs("Minimum"),

  transpose: (k, { attributes: { permutation } }, [x]) => transposed(k, x, permutation),
  ...imageOperations((k, x) => transposed(k, x, [0, 2, 1])),
};

/**
 * The larger or smaller of two. The kernels take the first operand where either is NaN: a constant, which is none, goes
 * second, and any other second operand is looked at.
 */
function ofPairs(kernel: "Maximum" | "Minimum"): LoweringOf<"max" | "min"> {
  return (k, { shape, dtype, inputs: [first, second] }, [a, b]) => {
    if (first.is("constant")) return k.run(kernel, { a: b, b: a });
    const taken = k.run(kernel, { a, b });
    if (dtype !== "f32" || second.is("constant")) return taken;
    const condition = tiled(k, k.run("NotEqual", { a: b, b }), shape);
    return k.run("Select", { condition, t: tiled(k, b, shape), e: taken });
  };
}

/** A cut with each axis that stays whole joined to the one before it, and without axes of size 1. */
function joinedCut(shape: Shape, starts: readonly number[], sizes: readonly number[]) {
  const joined = { shape: [] as number[], starts: [] as number[], sizes: [] as number[] };
  for (const [axis, n] of shape.entries()) {
    if (n === 1 && sizes[axis] === 1) continue;
    const last = joined.shape.length - 1;
    if (sizes[axis] === n && last >= 0) {
      for (const numbers of Object.values(joined)) numbers[last]! *= n;
    } else {
      joined.shape.push(n);
      joined.starts.push(starts[axis]!);
      joined.sizes.push(sizes[axis]!);
    }
  }
  return joined;
}

/** With the rows cut in eights, which keeps what is written together in a cache: 0.9 ms, against 7. */
function transposed(k: Kernels, x: TensorInfo, permutation: readonly number[]): TensorInfo {
  const { shape } = x;
  const rows = permutation.at(-1)!;
  if (shape.length > 3 || rows === shape.length - 1 || shape[rows]! % 8 !== 0)
    return k.run("Transpose", { x }, { perm: permutation });
  const cut = reshape(k, x, [...shape.slice(0, rows), shape[rows]! / 8, 8, ...shape.slice(rows + 1)]);
  const perm = permutation.flatMap((axis) => (axis === rows ? [rows, rows + 1] : [axis > rows ? axis + 1 : axis]));
  const turned = k.run("Transpose", { x: cut }, { perm });
  return reshape(
    k,
    turned,
    permutation.map((axis) => shape[axis]!),
  );
}

/** Of fewer terms, products in a stack take longer than Sum. */
const fewestTerms = 64;

/** Matrix `index` of a stack of `count`, copied; tfjs's own Slice copies the whole stack for it. */
function matrixOf(k: Kernels, stack: TensorInfo, index: number, count: number): TensorInfo {
  const shape = [1, ...stack.shape.slice(-2)];
  if (count === 1) return reshape(k, stack, shape);
  const heap = k.backend as BackendWasm;
  const matrix = k.own(heap.makeOutput(shape, stack.dtype));
  const size = sizeOf(shape);
  heap.typedArrayFromHeap(matrix).set(heap.typedArrayFromHeap(stack).subarray(index * size, (index + 1) * size));
  return matrix;
}
