import { input } from "../ir/create";
import { isFloat } from "../ir/dtype";
import { DitError } from "../ir/errors";
import { type Graph, nodesOf } from "../ir/graph";
import type { HostTensor } from "../ir/hostTensor";
import type { CompositeName } from "../ir/ops";
import type { Tensor } from "../ir/tensor";
import { expandComposites } from "../lower/expandComposites";
import { bytesOf } from "../lower/memoryPlan";
import { withInputs } from "../lower/rewrite";
import type { Backend } from "./backend";
import { disposeAll } from "./feeds";

export interface CompareOptions {
  /** A value may differ by this much. */
  readonly absolute: number;
  /** And by this much of the largest expected value of its node. */
  readonly relative: number;
  /**
   * Computes each node from the values that the expected backend has for its inputs. Then rounding does not add up, and
   * every node that is wrong by itself is told, not the first alone.
   */
  readonly isolated?: boolean;
  /** Bytes of intermediate values that are fetched at a time, 256 MB by default; the graph runs once for each part. */
  readonly chunkBytes?: number;
}

type HostTensors = Readonly<Record<string, HostTensor>>;

/** How far the two backends are apart at one node. */
export interface Deviation {
  readonly node: Tensor;
  /** The largest difference, infinite where only one is a number; of truth values, the part that differs, which passes. */
  readonly error: number;
  /** The largest value that the first backend computed, in magnitude. */
  readonly largest: number;
  /** The error that passes. */
  readonly tolerance: number;
}

export interface Comparison {
  /** Every node that is computed, in the order in which values flow. */
  readonly deviations: readonly Deviation[];
  /** The first node at which the backends part. What follows it may differ because it does. */
  readonly first: Deviation | undefined;
}

/**
 * Runs a graph on two backends, each from its inputs to its outputs, and compares every value between. A composite is
 * compared as a whole where one of the two runs it natively; where both decompose it, so are its parts.
 * @param expected the backend that is right, such as the reference
 */
export async function compareBackends(
  graph: Graph,
  feeds: HostTensors,
  expected: Backend,
  actual: Backend,
  options: CompareOptions,
): Promise<Comparison> {
  const native = new Set<CompositeName>();
  for (const { capabilities } of [expected, actual]) for (const name of capabilities.nativeComposites) native.add(name);
  const expanded = expandComposites(graph, native);
  const computed = nodesOf(expanded).filter(isComputed);
  const deviations: Deviation[] = [];
  for (const nodes of chunks(computed, options.chunkBytes ?? 2 ** 28)) {
    const part = options.isolated
      ? await isolate(expanded, nodes, feeds, expected)
      : { graph: asking(expanded, nodes), feeds };
    const wanted = await valuesOf(expected, part.graph, part.feeds);
    const seen = await valuesOf(actual, part.graph, part.feeds);
    nodes.forEach((node, i) => {
      deviations.push(deviationOf(node, wanted[i]!, seen[i]!, options));
    });
  }
  return { deviations, first: deviations.find(({ error, tolerance }) => error > tolerance) };
}

/** The graph with other outputs: the values of `nodes`. */
function asking(graph: Graph, nodes: readonly Tensor[]): Graph {
  return { ...graph, outputs: nodes.map((tensor, i) => ({ name: `node.${i}`, tensor })) };
}

/** A graph in which each of `nodes` reads inputs of its own, and those inputs as `backend` computes them. */
async function isolate(graph: Graph, nodes: readonly Tensor[], feeds: HostTensors, backend: Backend) {
  const operands = [...new Set(nodes.flatMap((node) => node.inputs))].filter(isComputed);
  const values = operands.length === 0 ? [] : await valuesOf(backend, asking(graph, operands), feeds);
  const given = operands.map(({ dtype, shape }, i) => {
    const name = `operand.${i}`;
    return { name, tensor: input(name, { dtype, shape }) };
  });
  const inputOf = new Map(operands.map((x, i) => [x, given[i]!.tensor]));
  const alone = nodes.map((node) =>
    withInputs(
      node,
      node.inputs.map((x) => inputOf.get(x) ?? x),
    ),
  );
  return {
    graph: asking({ ...graph, inputs: [...graph.inputs, ...given] }, alone),
    feeds: { ...feeds, ...Object.fromEntries(values.map((value, i) => [given[i]!.name, value])) },
  };
}

function isComputed(node: Tensor): boolean {
  return !node.is("input") && !node.is("constant");
}

/** Runs of nodes whose values fit in `bytes` together; a larger one has a run of its own. */
function chunks(nodes: readonly Tensor[], bytes: number): Tensor[][] {
  const parts: Tensor[][] = [];
  let left = 0;
  for (const node of nodes) {
    left -= bytesOf(node);
    if (left < 0 || parts.length === 0) {
      parts.push([]);
      left = bytes - bytesOf(node);
    }
    parts.at(-1)!.push(node);
  }
  return parts;
}

async function valuesOf(backend: Backend, graph: Graph, feeds: HostTensors): Promise<HostTensor[]> {
  const executable = await backend.compile(graph);
  try {
    const outputs = await executable.run(feeds);
    try {
      return await Promise.all(graph.outputs.map(({ name }) => outputs[name]!.read()));
    } finally {
      disposeAll(outputs);
    }
  } finally {
    await executable.dispose();
  }
}

function deviationOf(
  node: Tensor,
  expected: HostTensor,
  actual: HostTensor,
  { absolute, relative }: CompareOptions,
): Deviation {
  if (node.dtype === "f16" || node.dtype === "bf16") {
    throw new DitError(`${node.op} in ${node.scope} is ${node.dtype}; compare the graph in f32`);
  }
  const [wanted, seen] = [expected.data, actual.data];
  let [error, largest, flips] = [0, 0, 0];
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [wanted[i]!, seen[i]!];
    if (Number.isFinite(a)) largest = Math.max(largest, Math.abs(a));
    if (Object.is(a, b)) continue;
    flips++;
    const difference = Math.abs(a - b);
    error = Math.max(error, Number.isNaN(difference) ? Infinity : difference);
  }
  if (node.dtype === "bool") {
    // Two roundings of nearly equal numbers compare either way. What a comparison decides is judged where it is selected.
    return { node, error: flips / wanted.length, largest: 1, tolerance: 1 };
  }
  return { node, error, largest, tolerance: isFloat(node.dtype) ? absolute + relative * largest : 0 };
}
