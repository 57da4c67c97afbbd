import { isFloat } from "../ir/dtype";
import { DitError } from "../ir/errors";
import { type Graph, nodesOf } from "../ir/graph";
import type { HostTensor } from "../ir/hostTensor";
import type { CompositeName } from "../ir/ops";
import type { Tensor } from "../ir/tensor";
import { expandComposites } from "../lower/expandComposites";
import { bytesOf } from "../lower/memoryPlan";
import type { Backend } from "./backend";
import { disposeAll } from "./feeds";

export interface CompareOptions {
  /** A value may differ by this much. */
  readonly absolute: number;
  /** And by this much of the largest expected value of its node. */
  readonly relative: number;
  /** Bytes of intermediate values that are fetched at a time, 256 MB by default; the graph runs once for each part. */
  readonly chunkBytes?: number;
}

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
  feeds: Readonly<Record<string, HostTensor>>,
  expected: Backend,
  actual: Backend,
  options: CompareOptions,
): Promise<Comparison> {
  const native = new Set<CompositeName>();
  for (const { capabilities } of [expected, actual]) for (const name of capabilities.nativeComposites) native.add(name);
  const expanded = expandComposites(graph, native);
  const computed = nodesOf(expanded).filter((node) => !node.is("input") && !node.is("constant"));
  const deviations: Deviation[] = [];
  for (const nodes of chunks(computed, options.chunkBytes ?? 2 ** 28)) {
    const part = { ...expanded, outputs: nodes.map((tensor, i) => ({ name: `node.${i}`, tensor })) };
    const [wanted, seen] = [await valuesOf(expected, part, feeds), await valuesOf(actual, part, feeds)];
    nodes.forEach((node, i) => {
      deviations.push(deviationOf(node, wanted[i]!, seen[i]!, options));
    });
  }
  return { deviations, first: deviations.find(({ error, tolerance }) => error > tolerance) };
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

async function valuesOf(
  backend: Backend,
  graph: Graph,
  feeds: Readonly<Record<string, HostTensor>>,
): Promise<HostTensor[]> {
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
