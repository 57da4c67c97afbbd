import { sizeOf } from "@dit/core/internal";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "../kernels";
import { linear } from "./composites";
import { neighboursOf } from "./neighbours";
import { primitives, reshape } from "./primitives";
import type { Overrides } from "./tables";
import { runWgsl } from "./wgsl";

/**
 * Where WebGPU has a faster way than tfjs's: it gives 64 or 256 threads, which wait for each other, to every number of a sum or
 * of a small product, be it of 16 terms; and it transposes first where not the last axis is summed.
 */
export const webgpu: Overrides = {
  reduceSum: (k, node, inputs) => {
    const [groups, size, width] = neighboursOf(node);
    const isLongRow = groups > 1 && width === 1 && size > longestRow;
    if (node.dtype !== "f32" || size === 1 || isLongRow) return primitives.reduceSum(k, node, inputs);
    return reshape(k, columnSums(k, inputs[0], groups, size, width), node.shape);
  },

  matmul: (k, node, inputs) => {
    const [a] = node.inputs;
    const { transposeA, transposeB } = node.attributes;
    const inner = a.shape.at(transposeA ? -2 : -1)!;
    if (!isSmall(node.shape, inner)) return primitives.matmul(k, node, inputs);
    return reshape(k, smallProduct(k, inputs, node.shape, inner, transposeA, transposeB), node.shape);
  },

  linear: (k, node, inputs) => {
    const [x, weight, bias] = inputs;
    const [out, inner] = node.inputs[1].shape as [number, number];
    const shape = [sizeOf(node.shape) / out, out];
    if (!isSmall(shape, inner)) return linear(k, node, inputs);
    const product = smallProduct(k, [x, weight], shape, inner, false, true);
    return reshape(k, k.run("Add", { a: reshape(k, product, shape), b: bias }), node.shape);
  },
};

/** Longer rows are tfjs's: its threads read them side by side, where one for each row would jump about in memory. */
const longestRow = 256;

/** Terms that a thread adds up. More of them are added up in several rounds, which rounds less, too. */
const terms = 64;

/** [groups, size, width] -> the sums over the middle axis, [groups * width] */
function columnSums(k: Kernels, x: TensorInfo, groups: number, size: number, width: number): TensorInfo {
  const parts = Math.ceil(size / terms);
  const body = `
        let part = index / uniforms.width;
        let first = (part % uniforms.parts) * ${terms};
        let start = (part / uniforms.parts) * uniforms.rows * uniforms.width + index % uniforms.width;
        var sum = 0.0;
        for (var row = first; row < min(first + ${terms}, uniforms.rows); row++) {
          sum += x0[start + row * uniforms.width];
        }
        setOutputAtIndex(index, sum);`;
  const output = [groups * parts * width];
  const sums = runWgsl(k, { body, output, numbers: { rows: size, width, parts } }, [flat(k, x)]);
  return parts === 1 ? sums : columnSums(k, sums, groups, parts, width);
}

/** tfjs's own limit of what it calls small, and few enough terms for one thread. */
function isSmall(shape: readonly number[], inner: number): boolean {
  return sizeOf(shape) <= 128 && inner <= 1024;
}

/** A product [..., m, n] of `inner` terms, by a thread for each of its numbers. */
function smallProduct(
  k: Kernels,
  [a, b]: readonly [TensorInfo, TensorInfo],
  shape: readonly number[],
  inner: number,
  transposeA: boolean,
  transposeB: boolean,
): TensorInfo {
  const [m, n] = [shape.at(-2)!, shape.at(-1)!];
  const body = `
        let column = index % uniforms.n;
        let row = (index / uniforms.n) % uniforms.m;
        let batch = index / (uniforms.n * uniforms.m);
        var sum = 0.0;
        for (var i = 0; i < uniforms.inner; i++) {
          let a = x0[batch * uniforms.m * uniforms.inner + ${transposeA ? "i * uniforms.m + row" : "row * uniforms.inner + i"}];
          let b = x1[batch * uniforms.n * uniforms.inner + ${transposeB ? "column * uniforms.inner + i" : "i * uniforms.n + column"}];
          sum += a * b;
        }
        setOutputAtIndex(index, sum);`;
  return runWgsl(k, { body, output: [sizeOf(shape)], numbers: { m, n, inner } }, [flat(k, a), flat(k, b)]);
}

function flat(k: Kernels, x: TensorInfo): TensorInfo {
  return reshape(k, x, [sizeOf(x.shape)]);
}
