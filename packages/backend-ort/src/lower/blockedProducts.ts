import type { Tensor } from "@dit/core";
import type { OpName } from "@dit/core/internal";
import { sizeOf } from "@dit/core/internal";
import { attr } from "../onnx/model";
import { BlockedKernels } from "./blockedKernels";
import type { Emitter } from "./emitter";

/** A product of two matrices, [M, K] x [K, N] -> [M, N], or of two stacks of them. */
export interface Product {
  /** [M, K], or [K, M] when transposed */
  readonly a: string;
  /** [K, N], or [N, K] when transposed */
  readonly b: string;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** [N], added to each row. */
  readonly bias?: string;
  readonly sizes: { readonly m: number; readonly k: number; readonly n: number };
  /** How the result is to be seen. */
  readonly shape: readonly number[];
}

/** A matrix [R, C]: how to make it, and the names of the forms that have been made. */
interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Makes some of its columns, blocked, where it does not come from rows. */
  readonly make?: (from: number, to: number) => string;
  /** [1, C, R, 1], in memory [C / B, R, B] */
  blocked?: string;
  /** The same in parts, one after the other along C. */
  parts?: readonly string[];
  /** The blocked transpose: [1, R, C, 1], in memory [R / B, C, B] */
  transposed?: string;
}

/**
 * Matrix products as 1x1 convolutions of onnxruntime's NCHWc kernels, which reach the speed of the processor where Gemm
 * reaches 90% of it, and 75% with a transposed first operand. A matrix [R, C] is an image of R pixels and C channels, whose
 * channels these kernels want in blocks of B: [C / B, R, B]. The image of a product is its first operand in that layout, the
 * filter its second in the very same, and so is its result; transposes cost nothing on the way there. A result stays
 * blocked until something needs its rows, and functions of each element do not.
 */
export class BlockedProducts {
  private readonly kernels: BlockedKernels;
  private readonly matrices = new Map<string, Matrix>();
  /** Stacks of S matrices [R, C] by the names of their rows: [S, C, R, 1], in memory [S, C / B, R, B] */
  private readonly stacks = new Map<string, string>();

  /** @param block B, the channels that lie together: 16 with AVX-512, 8 with AVX2 */
  constructor(
    private readonly emit: Emitter,
    private readonly block: number,
  ) {
    this.kernels = new BlockedKernels(emit);
  }

  /** The product's value; undefined where it is too small to gain from it, or does not divide into blocks. */
  product({ a, b, bias, transposeA, transposeB, sizes: { m, k, n }, shape }: Product): string | undefined {
    const blocks = [k, n, ...(transposeA ? [m] : [])];
    if (Math.min(m, k, n) < smallestSide || blocks.some((size) => size % this.block !== 0)) return undefined;
    const first = this.matrix(a, transposeA ? [k, m] : [m, k]);
    const second = this.matrix(b, transposeB ? [n, k] : [k, n]);
    if (!transposeA) {
      const { scope } = this.emit;
      const make = (from: number, to: number) =>
        this.emit.within(scope, () => {
          const filter = this.slice(this.filter(b, second, transposeB), n, from, to);
          return this.multiply(a, first, filter, to - from, bias && this.slice(bias, n, from, to));
        });
      return this.deferred({ rows: m, columns: n, make }, shape);
    }
    // The gradient of a weight. The optimiser works on rows, so it is not left blocked; which operand is the image depends
    // on whose rows are there, since only from rows a transpose costs nothing.
    if (this.emit.isDeferred(b)) {
      const image = this.transposed(a, first);
      // Part by part, so that what the forward pass joined need not be kept until now.
      const filters = transposeB ? [this.filter(b, second, true)] : this.parts(b, second);
      return this.rowsOf({ rows: m, columns: n, parts: this.convolveBy(filters, image, n, k) }, shape);
    }
    const image = transposeB ? this.blocked(b, second) : this.transposed(b, second);
    const filters = first.parts ?? [this.blocked(a, first)];
    const transposed = this.join(this.convolveBy(filters, image, m, k));
    return this.rowsOf({ rows: m, columns: n, transposed }, shape);
  }

  /**
   * A stack of products whose first operand is transposed, [.., K, M] and [.., K, N] -> [.., M, N], as one convolution with
   * a group of channels for each. Products that are not transposed leave nothing to gain.
   */
  stackedProduct({ a, b, transposeA, transposeB, sizes: { m, k, n }, shape }: Product): string | undefined {
    if (!transposeA || transposeB || Math.min(m, k, n) < smallestSide) return undefined;
    if ([k, n].some((size) => size % this.block !== 0)) return undefined;
    const count = sizeOf(shape) / (m * n);
    const image = this.kernels.reorderInput(a, [1, count * k, m, 1]);
    const filter = this.stacks.get(b) ?? this.kernels.reorderInput(b, [count, k, 1, n], true);
    const product = this.kernels.convolve(image, this.emit.reshape(filter, [count * n, k, 1, 1]), { groups: count });
    return this.stack(this.emit.reshape(product, [count, n, m, 1]), shape);
  }

  /** Tokens [.., H D] as heads [N, H, T, D], a stack of matrices; undefined where they are in rows, or heads do not divide into blocks. */
  splitHeads(name: string, shape: readonly number[]): string | undefined {
    const [n, h, t, d] = shape as readonly [number, number, number, number];
    const matrix = this.matrices.get(name);
    if (matrix === undefined || !this.emit.isDeferred(name) || d % this.block !== 0) return undefined;
    const images = this.swapped(this.blocked(name, matrix), [(h * d) / this.block, n, t * this.block]);
    return this.stack(this.emit.reshape(images, [n * h, d, t, 1]), shape);
  }

  /** The way back, to `shape`; undefined where it is too small to gain from it, or heads do not divide into blocks. */
  joinHeads(name: string, heads: readonly number[], shape: readonly number[]): string | undefined {
    const [n, h, t, d] = heads as readonly [number, number, number, number];
    if (d % this.block !== 0 || Math.min(n * t, h * d) < smallestSide) return undefined;
    const blocked = this.emit.once(`tokens ${name}`, () => {
      const images = this.stacks.get(name) ?? this.kernels.reorderInput(name, [n * h, t, 1, d], true);
      const joined = this.swapped(images, [n, (h * d) / this.block, t * this.block]);
      return this.emit.reshape(joined, [1, h * d, n * t, 1]);
    });
    return this.deferred({ rows: n * t, columns: h * d, blocked }, shape);
  }

  /** A function of each element, computed where its operands lie; undefined where one of them lies in rows. */
  elementwise(node: Tensor, names: readonly string[], lower: (names: readonly string[]) => string): string | undefined {
    if (!elementwise.has(node.op) || !names.some((name) => this.emit.isDeferred(name))) return undefined;
    const isScalar = (x: Tensor) => sizeOf(x.shape) === 1;
    const isFull = (x: Tensor, i: number) => {
      const matrix = this.matrices.get(names[i]!);
      return sizeOf(x.shape) === sizeOf(node.shape) && matrix !== undefined && isBlocked(matrix);
    };
    if (!node.inputs.every((x, i) => isScalar(x) || isFull(x, i))) return undefined;
    const matrixOf = (i: number) => this.matrices.get(names[i]!)!;
    const counts = node.inputs.flatMap((x, i) => (isScalar(x) ? [] : [this.parts(names[i]!, matrixOf(i)).length]));
    // What was reordered from rows is in one piece.
    const count = counts.every((other) => other === counts[0]) ? counts[0]! : 1;
    const operand = (x: Tensor, i: number, part: number) => {
      if (isScalar(x)) return this.pixel(names[i]!);
      return count === 1 ? this.blocked(names[i]!, matrixOf(i)) : this.parts(names[i]!, matrixOf(i))[part]!;
    };
    const parts = Array.from({ length: count }, (_, part) => lower(node.inputs.map((x, i) => operand(x, i, part))));
    const columns = node.shape.at(-1)!;
    return this.deferred({ rows: sizeOf(node.shape) / columns, columns, parts }, node.shape);
  }

  /** `x` seen with another shape, where that keeps its rows whole. */
  reshape(name: string, x: Tensor, shape: readonly number[]): string | undefined {
    const columns = shape.at(-1);
    if (columns === undefined || x.shape.at(-1) !== columns || x.dtype !== "f32") return undefined;
    const matrix = this.matrix(name, [sizeOf(shape) / columns, columns]);
    const make = () => this.emit.reshape(name, shape);
    const seen = this.emit.isDeferred(name) ? this.emit.defer(make) : make();
    this.matrices.set(seen, matrix);
    return seen;
  }

  /** The sums of the columns of a matrix that is not in rows, [1, C]; undefined when it is. */
  columnSums(name: string): string | undefined {
    const matrix = this.matrices.get(name);
    if (matrix === undefined || !this.emit.isDeferred(name)) return undefined;
    const { rows, columns } = matrix;
    const ones = this.emit.reshape(this.emit.filled(1, rows), [1, 1, rows]);
    const parts = this.parts(name, matrix);
    const sums = parts.map((part) => {
      const blocks = this.emit.reshape(part, [columns / parts.length / this.block, rows, this.block]);
      return this.emit.reshape(this.emit.op("MatMul", [ones, blocks]), [1, columns / parts.length]);
    });
    return this.join(sums);
  }

  /** A matrix [M, K] and a filter that makes `n` columns. The parts of a matrix are not joined: the result adds up over them. */
  private multiply(name: string, matrix: Matrix, filter: string, n: number, bias?: string): string {
    const { columns, blocked, parts } = matrix;
    if (parts === undefined || blocked !== undefined) {
      return this.kernels.convolve(this.blocked(name, matrix), filter, { bias });
    }
    const size = columns / parts.length;
    const blocks = this.emit.reshape(filter, [n / this.block, columns, this.block]);
    const filterOf = (part: number) =>
      this.emit.reshape(this.slice(blocks, columns, part * size, (part + 1) * size, 1), [n, size, 1, 1]);
    return parts.reduce(
      (sum, part, i) => this.kernels.convolve(part, filterOf(i), { bias: i === 0 ? bias : undefined, sum }),
      "",
    );
  }

  /** An image of K channels by the parts of a filter that makes N: as many images of some of the N. */
  private convolveBy(filters: readonly string[], image: string, n: number, k: number): string[] {
    const shape = [n / filters.length, k, 1, 1];
    return filters.map((filter) => this.kernels.convolve(image, this.emit.reshape(filter, shape)));
  }

  /** [K, N], or [N, K] when transposed, as a filter of K channels that makes N. */
  private filter(name: string, matrix: Matrix, isTransposed: boolean): string {
    const [k, n] = isTransposed ? [matrix.columns, matrix.rows] : [matrix.rows, matrix.columns];
    const blocked = isTransposed ? this.transposed(name, matrix) : this.blocked(name, matrix);
    return this.emit.once(`filter ${blocked}`, () => this.emit.reshape(blocked, [n, k, 1, 1]));
  }

  private slice(name: string, size: number, from: number, to: number, axis = 0): string {
    if (to - from === size) return name;
    return this.emit.op("Slice", [name, this.emit.ints([from]), this.emit.ints([to]), this.emit.ints([axis])]);
  }

  /** Images, or vectors of a number for each channel, beside each other. */
  private join(images: readonly string[]): string {
    return images.length === 1 ? images[0]! : this.emit.op("Concat", images, { attributes: { axis: attr.int(1) } });
  }

  /** A scalar with the axes of an image. With fewer, it would be broadcast number by number, thirty times as slow. */
  private pixel(name: string): string {
    return this.emit.once(`pixel ${name}`, () => this.emit.reshape(name, [1, 1, 1, 1]));
  }

  private matrix(name: string, [rows, columns]: readonly [number, number]): Matrix {
    const known = this.matrices.get(name) ?? { rows, columns };
    this.matrices.set(name, known);
    return known;
  }

  private parts(name: string, matrix: Matrix): readonly string[] {
    const { rows, columns, blocked, make } = matrix;
    if (matrix.parts !== undefined) return matrix.parts;
    if (blocked !== undefined || make === undefined) return [this.blocked(name, matrix)];
    let count = Math.ceil((rows * columns) / largestPart);
    while (columns % (count * this.block) !== 0) count++;
    const size = columns / count;
    matrix.parts = Array.from({ length: count }, (_, i) => make(i * size, (i + 1) * size));
    return matrix.parts;
  }

  private blocked(name: string, matrix: Matrix): string {
    const { rows, columns, parts, make } = matrix;
    const reordered = () => this.kernels.reorderInput(name, [1, rows, 1, columns], true);
    matrix.blocked ??= parts !== undefined ? this.join(parts) : make !== undefined ? make(0, columns) : reordered();
    return matrix.blocked;
  }

  private transposed(name: string, matrix: Matrix): string {
    matrix.transposed ??= this.kernels.reorderInput(name, [1, matrix.rows, matrix.columns, 1]);
    return matrix.transposed;
  }

  /** The first two of three axes swapped. */
  private swapped(name: string, shape: readonly [number, number, number]): string {
    return this.emit.op("Transpose", [this.emit.reshape(name, shape)], { attributes: { perm: attr.ints([1, 0, 2]) } });
  }

  /** A name for a stack whose rows are made when something reads them. */
  private stack(images: string, shape: readonly number[]): string {
    const name = this.emit.defer(() =>
      this.emit.reshape(this.kernels.reorderOutput(images, shape.at(-1)!, true), shape),
    );
    this.stacks.set(name, images);
    return name;
  }

  /** A name for a matrix whose rows are made when something reads them. */
  private deferred(matrix: Matrix, shape: readonly number[]): string {
    const name = this.emit.defer(() => this.rowsOf(matrix, shape));
    this.matrices.set(name, matrix);
    return name;
  }

  private rowsOf(matrix: Matrix, shape: readonly number[]): string {
    const { rows, columns } = matrix;
    const inRows = isBlocked(matrix)
      ? this.kernels.reorderOutput(this.blocked("", matrix), columns, true)
      : this.kernels.reorderOutput(matrix.transposed!, rows, false);
    return this.emit.reshape(inRows, shape);
  }
}

function isBlocked({ blocked, parts, make }: Matrix): boolean {
  return blocked !== undefined || parts !== undefined || make !== undefined;
}

/** The side of a product from which the change of layout is small beside it. */
const smallestSide = 64;

/**
 * Numbers in a part of a result: so few that functions of its elements find them in the processor's caches, where they
 * take a third of the time.
 */
const largestPart = 2 ** 20;

const elementwise: ReadonlySet<OpName> = new Set<OpName>([
  ...(["neg", "exp", "log", "sqrt", "sin", "cos", "tanh", "abs", "floor"] as const),
  ...(["add", "sub", "mul", "div", "max", "min"] as const),
  ...(["sigmoid", "silu", "gelu"] as const),
]);
