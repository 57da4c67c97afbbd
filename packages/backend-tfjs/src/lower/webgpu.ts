import { type Node, sizeOf } from "@dit/core/internal";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "../kernels";
import { composites } from "./composites";
import { neighboursOf } from "./neighbours";
import { primitives, reshape } from "./primitives";
import type { Overrides } from "./tables";
import { runWgsl } from "./wgsl";

/**
 * Where WebGPU has a faster way than tfjs's: it gives 64 or 256 threads, which wait for each other, to every number of a sum and
 * every row of a softmax, be it of 16 terms, and to every small tile of a small product; and it transposes first where not the
 * last axis is summed.
 */
export const webgpu: Overrides = {
  reduceSum: (k, node, inputs) => {
    const [groups, size, width] = neighboursOf(node);
    const isLongRow = groups > 1 && width === 1 && size > longestRow;
    if (node.dtype !== "f32" || size === 1 || isLongRow) return primitives.reduceSum(k, node, inputs);
    return reshape(k, columnSums(k, inputs[0], groups, size, width), node.shape);
  },

  matmul: (k, node, inputs) => (isSmall(node) ? smallProduct(k, node, inputs) : primitives.matmul(k, node, inputs)),

  softmax: (k, node, inputs) => {
    const columns = node.shape.at(-1) ?? 1;
    return columns > longestSoftmax ? composites.softmax(k, node, inputs) : shortSoftmax(k, inputs[0], columns);
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

/** Longer rows are tfjs's, which computes each exponential once. */
const longestSoftmax = 64;

/** The softmax of short rows: each of its numbers by a thread that reads the whole row. */
function shortSoftmax(k: Kernels, x: TensorInfo, columns: number): TensorInfo {
  const body = `
        let first = index - index % uniforms.columns;
        let end = first + uniforms.columns;
        var largest = x0[first];
        for (var i = first + 1; i < end; i++) { largest = max(largest, x0[i]); }
        var sum = 0.0;
        for (var i = first; i < end; i++) { sum += exp(x0[i] - largest); }
        setOutputAtIndex(index, exp(x0[index] - largest) / sum);`;
  return reshape(k, runWgsl(k, { body, output: [sizeOf(x.shape)], numbers: { columns } }, [flat(k, x)]), x.shape);
}

/** So few numbers that tfjs would cut its tiles smaller, each of so few terms that one thread adds them up. */
function isSmall(product: Node<"matmul">): boolean {
  return sizeOf(product.shape) <= 16_384 && innerSizeOf(product) <= 1024;
}

function innerSizeOf({ inputs: [{ shape }], attributes: { transposeA } }: Node<"matmul">): number {
  return shape.at(transposeA ? -2 : -1)!;
}

/** A product [..., m, n] by a thread for each four neighbours in it, or for each number. The right operand is plain. */
function smallProduct(k: Kernels, node: Node<"matmul">, [a, b]: readonly [TensorInfo, TensorInfo]): TensorInfo {
  const [m, n] = [node.shape.at(-2)!, node.shape.at(-1)!];
  const width = n % 4 === 0 ? 4 : 1;
  const left = node.attributes.transposeA ? "i * uniforms.m + row" : "row * uniforms.inner + i";
  const body = `
        let column = index % uniforms.n;
        let row = (index / uniforms.n) % uniforms.m;
        let batch = index / (uniforms.n * uniforms.m);
        var sum = ${width === 4 ? "vec4<f32>(0.0)" : "0.0"};
        for (var i = 0; i < uniforms.inner; i++) {
          sum += x0[batch * uniforms.m * uniforms.inner + ${left}] * x1[(batch * uniforms.inner + i) * uniforms.n + column];
        }
        setOutputAtIndex(index, sum);`;
  const kernel = {
    body,
    output: [sizeOf(node.shape)],
    outputComponent: width,
    components: [1, width],
    numbers: { m, n: n / width, inner: innerSizeOf(node) },
  } as const;
  return reshape(k, runWgsl(k, kernel, [flat(k, a), flat(k, b)]), node.shape);
}

function flat(k: Kernels, x: TensorInfo): TensorInfo {
  return reshape(k, x, [sizeOf(x.shape)]);
}
