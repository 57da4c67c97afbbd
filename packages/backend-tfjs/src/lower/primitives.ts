import type { Shape } from "@dit/core";
import { hostArray, sameShape, sizeOf } from "@dit/core/internal";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { tfjsDtype } from "../dtypes";
import type { Kernels } from "../kernels";
import type { Computed, LoweringOf } from "./tables";

/** How each primitive but those on images is computed where a device has no way of its own. */
export const primitives: { readonly [P in Exclude<Computed, "conv2d" | "maxPool2d">]: LoweringOf<P> } = {
  constant: (k, { attributes }) => k.upload(attributes.value),

  neg: unary("Neg"),
  exp: unary("Exp"),
  log: unary("Log"),
  sqrt: unary("Sqrt"),
  sin: unary("Sin"),
  cos: unary("Cos"),
  tanh: unary("Tanh"),
  abs: unary("Abs"),
  floor: unary("Floor"),

  add: binary("Add"),
  sub: binary("Sub"),
  mul: binary("Multiply"),
  // tfjs divides integers downwards where we cut towards 0. Through floats, which hold integers up to 2^24.
  div: (k, { dtype }, [a, b]) =>
    dtype === "i32"
      ? cast(k, k.run("RealDiv", { a: cast(k, a, "float32"), b: cast(k, b, "float32") }), "int32")
      : k.run("RealDiv", { a, b }),
  max: binary("Maximum"),
  min: binary("Minimum"),
  less: binary("Less"),
  equal: binary("Equal"),
  select: (k, { shape }, [condition, whenTrue, whenFalse]) =>
    k.run("Select", {
      condition: tiled(k, condition, shape),
      t: tiled(k, whenTrue, shape),
      e: tiled(k, whenFalse, shape),
    }),

  cast: (k, { attributes: { to }, inputs: [from] }, [x]) => {
    if (to !== "bool") return cast(k, x, tfjsDtype(to));
    const zero = k.upload({ dtype: from.dtype, shape: [], data: hostArray(from.dtype, 1) });
    return k.run("NotEqual", { a: x, b: zero });
  },
  stopGradient: (k, _, [x]) => k.share(x),
  // The steps run in the order of the graph, so what must come first has come.
  barrier: (k, _, [x]) => k.share(x),

  matmul: (k, { attributes: { transposeA, transposeB } }, [a, b]) =>
    k.run("BatchMatMul", { a, b }, { transposeA, transposeB }),

  reduceSum: (k, { attributes: { axes } }, [x]) =>
    axes.length === 0 ? k.share(x) : k.run("Sum", { x }, { axis: axes, keepDims: true }),
  reduceMax: (k, { attributes: { axes } }, [x]) =>
    axes.length === 0 ? k.share(x) : k.run("Max", { x }, { reductionIndices: axes, keepDims: true }),

  reshape: (k, { shape }, [x]) => reshape(k, x, shape),
  transpose: (k, { attributes: { permutation } }, [x]) => k.run("Transpose", { x }, { perm: permutation }),
  broadcastTo: (k, { shape }, [x]) => tiled(k, x, shape),
  slice: (k, { attributes: { starts, sizes } }, [x]) => k.run("Slice", { x }, { begin: starts, size: sizes }),
  pad: (k, { attributes: { before, after } }, [x]) =>
    k.run("PadV2", { x }, { paddings: before.map((n, axis) => [n, after[axis]!]), constantValue: 0 }),
  concat: (k, { attributes: { axis } }, inputs) => k.run("Concat", inputs, { axis }),

  gather: (k, _, [x, indices]) => k.run("GatherV2", { x, indices }, { axis: 0, batchDims: 0 }),
  scatterAdd: (k, { shape, attributes: { rows } }, [indices, updates]) => {
    const count = sizeOf(indices.shape);
    const width = sizeOf(shape) / rows;
    const vectors = reshape(k, indices, [count, 1]);
    const sums = k.run(
      "ScatterNd",
      { indices: vectors, updates: reshape(k, updates, [count, width]) },
      { shape: [rows, width] },
    );
    return reshape(k, sums, shape);
  },
};

function unary(kernel: string) {
  return (k: Kernels, _: unknown, [x]: readonly [TensorInfo]) => k.run(kernel, { x });
}

function binary(kernel: string) {
  return (k: Kernels, _: unknown, [a, b]: readonly [TensorInfo, TensorInfo]) => k.run(kernel, { a, b });
}

function cast(k: Kernels, x: TensorInfo, dtype: TensorInfo["dtype"]): TensorInfo {
  return k.run("Cast", { x }, { dtype });
}

export function reshape(k: Kernels, x: TensorInfo, shape: Shape): TensorInfo {
  return k.run("Reshape", { x }, { shape });
}

/** A tensor repeated to a larger shape, after NumPy's broadcasting. */
export function tiled(k: Kernels, x: TensorInfo, shape: Shape): TensorInfo {
  if (sameShape(x.shape, shape)) return k.share(x);
  const aligned = [...new Array<number>(shape.length - x.shape.length).fill(1), ...x.shape];
  return k.run("Tile", { x: reshape(k, x, aligned) }, { reps: shape.map((n, axis) => n / aligned[axis]!) });
}
