import type { Graph, Tensor } from "@dit/core";
import { type Node, nodesOf, sizeOf } from "@dit/core/internal";
import { attr } from "../onnx/model";
import type { Emitter } from "./emitter";
import { primitives } from "./primitives";

/** How a node is made by an ONNX node that makes others with it. */
export interface Fusion {
  /** Nodes that are only steps on the way to it, so that they need not be made. */
  readonly hidden: readonly Tensor[];
  /** What it is made of then. */
  readonly inputs: readonly Tensor[];
  /** Emits it, or finds it where it has been made already. */
  readonly lower: (emit: Emitter, inputs: readonly string[]) => string;
}

/** What onnxruntime's CPU provider makes with one kernel where the graph has several nodes. */
export function fusions(graph: Graph): ReadonlyMap<Tensor, Fusion> {
  const nodes = nodesOf(graph);
  const readers = new Map<Tensor, Tensor[]>(nodes.map((node) => [node, []]));
  for (const node of nodes) for (const x of new Set(node.inputs)) readers.get(x)!.push(node);
  const outputs = new Set<Tensor>(graph.outputs.map(({ tensor }) => tensor));
  const isStep = (x: Tensor) => readers.get(x)!.length === 1 && !outputs.has(x);
  return new Map(
    nodes.flatMap((node) => {
      const fusion = modulation(node, isStep) ?? cut(node, readers);
      return fusion === undefined ? [] : [[node, fusion]];
    }),
  );
}

/** A norm with a scale and a shift of each channel, which are the same for all tokens: LayerNormalization does all three. */
function modulation(sum: Tensor, isStep: (x: Tensor) => boolean): Fusion | undefined {
  const [product, shift] = operands(sum, "add", (x) => x.is("mul") && isStep(x)) ?? [];
  const [norm, scale] = (product && operands(product, "mul", (x) => x.is("layerNorm") && isStep(x))) ?? [];
  if (!norm?.is("layerNorm") || norm.dtype !== "f32") return undefined;
  if (!isPerChannel(scale!, norm) || !isPerChannel(shift!, norm)) return undefined;
  const attributes = { axis: attr.int(-1), epsilon: attr.float(norm.attributes.epsilon) };
  return {
    hidden: [product!, norm],
    inputs: [norm.inputs[0], scale!, shift!],
    lower: (emit, inputs) => emit.op("LayerNormalization", inputs, { attributes }),
  };
}

/** The operands of a node of two different ones, the one that `isFirst` accepts before the other. */
function operands(node: Tensor, op: "add" | "mul", isFirst: (x: Tensor) => boolean): readonly Tensor[] | undefined {
  if (node.op !== op) return undefined;
  return [node.inputs, [...node.inputs].reverse()].find(([x, other]) => x !== other && isFirst(x!));
}

/** Whether `x` has a number for each channel of `norm` and no other axis. [D] or [.., 1, D] */
function isPerChannel(x: Tensor, { shape }: Tensor): boolean {
  return x.shape.at(-1) === shape.at(-1) && sizeOf(x.shape) === shape.at(-1) && x.rank <= shape.length;
}

/** One of the equal parts that a tensor is cut into along an axis, when all of them are read: one Split makes them. */
function cut(part: Tensor, readers: ReadonlyMap<Tensor, readonly Tensor[]>): Fusion | undefined {
  const place = part.is("slice") ? placeOf(part) : undefined;
  if (place === undefined) return undefined;
  const { axis, index, count } = place;
  const source = part.inputs[0]!;
  const siblings = readers.get(source)!.flatMap((x) => {
    const other = x.is("slice") ? placeOf(x) : undefined;
    return other?.axis === axis && other.count === count ? [other.index] : [];
  });
  if (new Set(siblings).size !== count) return undefined;
  const attributes = { axis: attr.int(axis), num_outputs: attr.int(count) };
  return {
    hidden: [],
    inputs: [source],
    lower: (emit, [x]) => {
      if (emit.valueOf(x!) !== undefined) return primitives.slice(emit, part as Node<"slice">, [x!]);
      const first = emit.once(
        `${count} parts of ${x} along ${axis}`,
        () => emit.ops("Split", [x!], count, { attributes })[0]!,
      );
      return index === 0 ? first : `${first}.${index}`;
    },
  };
}

/** Which of how many equal parts along which axis; undefined for a slice that is none. */
function placeOf({ attributes: { starts, sizes }, inputs: [x] }: Node<"slice">) {
  const axes = sizes.flatMap((size, axis) => (size === x.shape[axis] ? [] : [axis]));
  const [axis] = axes;
  if (axes.length !== 1 || axis === undefined) return undefined;
  const [index, count] = [starts[axis]! / sizes[axis]!, x.shape[axis]! / sizes[axis]!];
  return Number.isInteger(index) && Number.isInteger(count) ? { axis, index, count } : undefined;
}
