import type { Graph, Tensor } from "@dit/core";
import { nodesOf } from "@dit/core/internal";
import type { Emitter } from "../emitter";

/** How a node is made by an ONNX node that makes others with it. */
export interface Fusion {
  /** Nodes that are only steps on the way to it, so that they need not be made. */
  readonly hidden: readonly Tensor[];
  /** What it is made of then. */
  readonly inputs: readonly Tensor[];
  /** Emits it, or finds it where it has been made already. */
  readonly lower: (emit: Emitter, inputs: readonly string[]) => string;
}

/** The fusions of a graph, by the nodes that they make. */
export type Fusions = ReadonlyMap<Tensor, Fusion>;

/** Who reads the nodes of a graph. */
export interface Uses {
  readersOf(x: Tensor): readonly Tensor[];
  /** Whether one other node reads it, and nothing else. */
  isStep(x: Tensor): boolean;
  isOutput(x: Tensor): boolean;
}

/** What a kernel makes whose last node is `node`. Undefined where it does not apply. */
export type Pattern = (node: Tensor, uses: Uses) => Fusions | undefined;

/** The fusions by which a runtime's kernels make a graph: of each node, by the first pattern that ends in it. */
export function fusionsBy(...patterns: readonly Pattern[]): (graph: Graph) => Fusions {
  return (graph) => {
    const nodes = nodesOf(graph);
    const readers = new Map<Tensor, Tensor[]>(nodes.map((node) => [node, []]));
    for (const node of nodes) for (const x of new Set(node.inputs)) readers.get(x)!.push(node);
    const outputs = new Set<Tensor>(graph.outputs.map(({ tensor }) => tensor));
    const readersOf = (x: Tensor) => readers.get(x)!;
    const isOutput = (x: Tensor) => outputs.has(x);
    const uses: Uses = { readersOf, isOutput, isStep: (x) => readersOf(x).length === 1 && !isOutput(x) };
    return new Map(
      nodes.flatMap((node) => {
        for (const pattern of patterns) {
          const found = pattern(node, uses);
          if (found !== undefined) return [...found];
        }
        return [];
      }),
    );
  };
}
