import type { Graph } from "@dit/core";
import type { BatchSplit, CompositeName, Node, OpName, PrimitiveName } from "@dit/core/internal";
import type { Emitter } from "./emitter";
import type { Fusions } from "./fusions/fusion";
import type { WeightFormat } from "./quantizedMatrix";

/** Emits the ONNX nodes of one graph node and returns the name of its value. */
export type Lowering<N> = (emit: Emitter, node: N, inputs: readonly string[]) => string;

/** Where each primitive becomes ONNX. */
export type PrimitiveTable = { readonly [P in PrimitiveName]: Lowering<Node<P>> };

/** The composites that reach ONNX as they are. */
export type CompositeTable = { readonly [C in CompositeName]?: Lowering<Node<C>> };

/** What graphs become ONNX for: one kind of hardware, or every runtime. */
export interface Target {
  /**
   * Version of the standard operator set. onnxruntime takes a kernel that is registered "from version 7" for the operator of
   * version 7 only: where a newer set has a newer one, an unchanged kernel is not found any more.
   */
  readonly opset: number;
  readonly primitives: PrimitiveTable;
  readonly composites: CompositeTable;
  /** What the weights of linear layers are held in; all that is not f32 must be bound. */
  readonly weights: WeightFormat;
  /**
   * Channels that the processor's convolutions want together. Where it is given, products go through them, and a model is
   * for this kind of processor only.
   */
  readonly block?: number | undefined;
  /** Operations that are computed in f32 also in networks of low precision. */
  readonly wide: ReadonlySet<OpName>;
  /** How a batch is taken apart, where it does not go through a network whole. */
  readonly batchSplit?: BatchSplit;
  /** What is done to a graph before what every backend does to it. */
  prepare(graph: Graph): Graph;
  /** What becomes one ONNX node together with others. */
  fusions(graph: Graph): Fusions;
}

/** The composites that a target has kernels for. */
export function nativeComposites({ composites }: Target): ReadonlySet<CompositeName> {
  return new Set(Object.keys(composites) as CompositeName[]);
}
