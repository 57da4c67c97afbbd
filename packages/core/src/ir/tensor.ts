import { apply } from "./apply";
import { scalar } from "./create";
import type { DType } from "./dtype";
import type { AttributesOf, InputsOf, OpName } from "./ops";
import { resolveAxis, type Shape, sameShape } from "./shape";
import { type ConvolutionOptions, convolutionOf } from "./window";

/** A float tensor of default precision; the type most definitions speak of. */
export type F32 = Tensor<"f32">;
export type I32 = Tensor<"i32">;
export type Bool = Tensor<"bool">;

type Operand<D extends DType> = Tensor<D> | number;

/**
 * A node of a graph: the result of one operation on other tensors. It holds no numbers; a backend computes it. The
 * dtype is in the type, the shape is checked the moment an operation is called.
 */
export class Tensor<D extends DType = DType> {
  constructor(
    readonly op: OpName,
    readonly inputs: readonly Tensor[],
    readonly attributes: AttributesOf<OpName>,
    readonly dtype: D,
    readonly shape: Shape,
    /** Where in the model this node was made, such as `blocks.3.attn.qkv`. */
    readonly scope: string,
  ) {}

  get rank(): number {
    return this.shape.length;
  }

  /** Whether this node is an `O`, narrowing its inputs and attributes. */
  is<O extends OpName>(op: O): this is Node<O> {
    return this.op === op;
  }

  neg(): Tensor<D> {
    return apply("neg", [this], {});
  }
  exp(): Tensor<D> {
    return apply("exp", [this], {});
  }
  log(): Tensor<D> {
    return apply("log", [this], {});
  }
  sqrt(): Tensor<D> {
    return apply("sqrt", [this], {});
  }
  sin(): Tensor<D> {
    return apply("sin", [this], {});
  }
  cos(): Tensor<D> {
    return apply("cos", [this], {});
  }
  tanh(): Tensor<D> {
    return apply("tanh", [this], {});
  }
  abs(): Tensor<D> {
    return apply("abs", [this], {});
  }
  floor(): Tensor<D> {
    return apply("floor", [this], {});
  }
  square(): Tensor<D> {
    return this.mul(this);
  }

  add(other: Operand<D>): Tensor<D> {
    return apply("add", [this, this.operand(other)], {});
  }
  sub(other: Operand<D>): Tensor<D> {
    return apply("sub", [this, this.operand(other)], {});
  }
  mul(other: Operand<D>): Tensor<D> {
    return apply("mul", [this, this.operand(other)], {});
  }
  div(other: Operand<D>): Tensor<D> {
    return apply("div", [this, this.operand(other)], {});
  }
  max(other: Operand<D>): Tensor<D> {
    return apply("max", [this, this.operand(other)], {});
  }
  min(other: Operand<D>): Tensor<D> {
    return apply("min", [this, this.operand(other)], {});
  }
  less(other: Operand<D>): Bool {
    return apply("less", [this, this.operand(other)], {});
  }
  equal(other: Operand<D>): Bool {
    return apply("equal", [this, this.operand(other)], {});
  }
  /** Clamped to [low, high]. */
  clamp(low: number, high: number): Tensor<D> {
    return this.max(low).min(high);
  }

  cast<To extends DType>(to: To): Tensor<To> {
    return (this.dtype as DType) === to ? (this as unknown as Tensor<To>) : apply("cast", [this], { to });
  }
  stopGradient(): Tensor<D> {
    return apply("stopGradient", [this], {});
  }

  /** [..., M, K] x [..., K, N] -> [..., M, N]; the options swap an operand's last two axes first. */
  matmul(other: Tensor<D>, { transposeA = false, transposeB = false } = {}): Tensor<D> {
    return apply("matmul", [this, other], { transposeA, transposeB });
  }

  /** Convolves images [N, C, H, W] with kernels [O, C, h, w] -> [N, O, H', W']. */
  conv2d(weight: Tensor<D>, options: ConvolutionOptions = {}): Tensor<D> {
    return apply("conv2d", [this, weight], convolutionOf(options));
  }

  /** Sum over `axes` (default all), which are dropped unless `keepDims`. */
  sum(axes?: readonly number[], { keepDims = false } = {}): Tensor<D> {
    return this.reduce("reduceSum", axes, keepDims);
  }
  /** Largest value over `axes` (default all), which are dropped unless `keepDims`. */
  amax(axes?: readonly number[], { keepDims = false } = {}): Tensor<D> {
    return this.reduce("reduceMax", axes, keepDims);
  }
  /** Mean over `axes` (default all), which are dropped unless `keepDims`. */
  mean(axes?: readonly number[], { keepDims = false } = {}): Tensor<D> {
    const count = this.axes(axes).reduce((product, axis) => product * this.shape[axis]!, 1);
    return this.sum(axes, { keepDims }).div(count);
  }

  /** One size may be -1: it is inferred from the others. */
  reshape(shape: Shape): Tensor<D> {
    const known = shape.reduce((product, n) => (n === -1 ? product : product * n), 1);
    const total = this.shape.reduce((product, n) => product * n, 1);
    const resolved = shape.map((n) => (n === -1 ? total / known : n));
    return sameShape(resolved, this.shape) ? this : apply("reshape", [this], { shape: resolved });
  }
  transpose(permutation: readonly number[]): Tensor<D> {
    return apply("transpose", [this], { permutation });
  }
  broadcastTo(shape: Shape): Tensor<D> {
    return sameShape(shape, this.shape) ? this : apply("broadcastTo", [this], { shape });
  }
  /** The part of `axis` from `start` up to, not including, `end`. */
  slice(axis: number, start: number, end: number): Tensor<D> {
    const at = this.axes([axis])[0]!;
    const starts = this.shape.map((_, i) => (i === at ? start : 0));
    const sizes = this.shape.map((n, i) => (i === at ? end - start : n));
    return start === 0 && sameShape(sizes, this.shape) ? this : apply("slice", [this], { starts, sizes });
  }
  /** Zeros added before and after each axis. */
  pad(before: readonly number[], after: readonly number[]): Tensor<D> {
    return apply("pad", [this], { before, after });
  }
  /** Rows of this table [V, ...rest] picked by `indices` -> [...indices, ...rest]. */
  gather(indices: I32): Tensor<D> {
    return apply("gather", [this, indices], {});
  }

  private operand(other: Operand<D>): Tensor<D> {
    return typeof other === "number" ? scalar(other, this.dtype) : other;
  }

  private axes(axes: readonly number[] | undefined): readonly number[] {
    return axes === undefined ? this.shape.map((_, i) => i) : axes.map((axis) => resolveAxis(axis, this.rank) ?? axis);
  }

  private reduce(op: "reduceSum" | "reduceMax", axes: readonly number[] | undefined, keepDims: boolean): Tensor<D> {
    const resolved = this.axes(axes);
    const kept = apply<typeof op, D>(op, [this], { axes: resolved });
    return keepDims ? kept : kept.reshape(this.shape.filter((_, i) => !resolved.includes(i)));
  }
}

/** A tensor known to be made by operation `O`. */
export interface Node<O extends OpName> extends Tensor {
  readonly op: O;
  readonly inputs: InputsOf<O>;
  readonly attributes: AttributesOf<O>;
}
