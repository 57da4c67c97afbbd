import { type Graph, type HostTensor, lazyTensor, type Tensor, UnsupportedError } from "@dit/core";
import { nodesOf } from "@dit/core/internal";
import type { Bound } from "./lowerGraph";
import { isThin } from "./quantizedLinear";
import { type QuantizedFormat, quantizedMatrix } from "./quantizedMatrix";

/**
 * The bound inputs of a graph as a lowering to integers understands them: what was rounded has the values that its
 * integers stand for. With these the graph in floats shows what the rounding of weights alone does.
 */
export function quantizedWeights(graph: Graph, bound: Bound, kind: QuantizedFormat): Record<string, HostTensor> {
  const values: Record<string, HostTensor> = { ...bound };
  for (const { linear, input } of weightsOf(graph)) {
    const name = graph.inputs.find(({ tensor }) => tensor === input)?.name ?? "";
    const weight = bound[name];
    if (weight === undefined || isThin(linear)) continue;
    const { values: load } = quantizedMatrix(weight, kind, linear.dtype);
    values[name] = lazyTensor("f32", weight.shape, load);
  }
  return values;
}

/**
 * @throws UnsupportedError naming every weight that is not known when the graph is lowered: integers and their scales are
 * made beforehand
 */
export function requireBoundWeights(graph: Graph, isBound: (input: Tensor) => boolean, kind: QuantizedFormat): void {
  const free = weightsOf(graph).filter(({ input }) => !isBound(input));
  if (free.length === 0) return;
  const nameOf = (input: Tensor) => graph.inputs.find(({ tensor }) => tensor === input)?.name ?? input.scope;
  const names = [...new Set(free.map(({ input }) => nameOf(input)))].join(", ");
  throw new UnsupportedError(
    `${graph.name}: ${kind} weights must be bound when the graph is compiled, and these are not: ${names}; ` +
      "bind them as constants, or leave the backend's weights in f32, as training does",
  );
}

/** The linear layers, with the input that each takes its weight from. */
function weightsOf(graph: Graph) {
  return nodesOf(graph).flatMap((linear) =>
    linear.is("linear") ? [{ linear, input: sourceOf(linear.inputs[1]) }] : [],
  );
}

/** What a weight is cut, cast or reshaped from. */
function sourceOf(weight: Tensor): Tensor {
  return weight.is("slice") || weight.is("reshape") || weight.is("cast") ? sourceOf(weight.inputs[0]) : weight;
}
