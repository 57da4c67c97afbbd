import { bytesPerElement } from "../ir/dtype";
import { type Graph, type Port, type Scan, stepGraph } from "../ir/graph";
import type { OpName } from "../ir/ops";
import { sizeOf } from "../ir/shape";
import type { Tensor } from "../ir/tensor";
import { type Schedule, schedule } from "./schedule";

/** A value in memory. An input's model path is its name. */
export interface LiveValue {
  readonly node: Tensor;
  readonly bytes: number;
}

/** What a graph needs of memory, known from the graph alone. */
export interface MemoryPlan {
  /** The most that is alive at a time: weights, state, inputs, and the values between. */
  readonly peakBytes: number;
  /** Constants: those in the graph, those bound to its inputs, those of a scan. Alive throughout, like all that is given. */
  readonly weightBytes: number;
  /** The carry of a scan. */
  readonly stateBytes: number;
  /** The inputs of a run; of a scan, the stacked inputs and outputs. */
  readonly inputBytes: number;
  /** Results of nodes, and what nodes need as workspace, alive at the peak. */
  readonly valueBytes: number;
  /** The node that is computed at the peak. */
  readonly peakNode: Tensor;
  /** The results alive at the peak, the largest first. */
  readonly live: readonly LiveValue[];
}

export interface MemoryOptions {
  /** Names of inputs bound at compile time. */
  readonly constants?: readonly string[];
  /** Bytes that a backend's kernel needs beside its inputs and its result. */
  readonly workspaceBytes?: (node: Tensor) => number;
}

/** Operations whose result is their input seen otherwise: every runtime at hand makes it without a copy. */
const aliases: ReadonlySet<OpName> = new Set(["reshape", "stopGradient"]);

/**
 * The peak of a graph in the order of `schedule`, each value being freed after its last use. What is given stays alive
 * throughout, since it is borrowed. A result never takes the place of an operand: runtimes do that for element-wise
 * operations, so theirs is up to one value less; what they pad and keep back for later makes up for it.
 */
export function memoryPlan(graph: Graph, { constants = [], workspaceBytes }: MemoryOptions = {}): MemoryPlan {
  const [bound, free] = [true, false].map((isBound) =>
    graph.inputs.filter(({ name }) => constants.includes(name) === isBound),
  ) as [Port[], Port[]];
  const given = { weightBytes: portBytes(bound), stateBytes: 0, inputBytes: portBytes(free) };
  return planOf(schedule(graph), given, tensorsOf(bound), workspaceBytes);
}

/**
 * The peak of a scan of `steps` steps. In a scan of several steps three states are alive at once: the carry that the call
 * was given, the one that a step reads, and the one that it makes.
 */
export function scanMemoryPlan(scan: Scan, steps: number, options: MemoryOptions = {}): MemoryPlan {
  const given = {
    weightBytes: portBytes(scan.constants),
    stateBytes: portBytes(scan.carry) * (steps > 1 ? 2 : 1),
    inputBytes: steps * (portBytes(scan.xs) + portBytes(scan.ys)),
  };
  const bound = scan.constants.filter(({ name }) => options.constants?.includes(name));
  return planOf(schedule(stepGraph(scan)), given, tensorsOf(bound), options.workspaceBytes);
}

/** Bytes of a tensor's values. */
export function bytesOf({ dtype, shape }: Pick<Tensor, "dtype" | "shape">): number {
  return sizeOf(shape) * bytesPerElement[dtype];
}

type Given = Pick<MemoryPlan, "weightBytes" | "stateBytes" | "inputBytes">;

function planOf(
  { order, deaths }: Schedule,
  given: Given,
  bound: ReadonlySet<Tensor>,
  workspaceBytes: (node: Tensor) => number = () => 0,
): MemoryPlan {
  const storage = storages(order, (node) => bound.has(node) || node.is("constant"));
  const users = new Map<Tensor, number>();
  for (const node of order) users.set(storage.get(node)!, (users.get(storage.get(node)!) ?? 0) + 1);
  const isGiven = (node: Tensor) => node.is("input") || node.is("constant");
  const constantBytes = order.reduce((sum, node) => sum + (node.is("constant") ? bytesOf(node) : 0), 0);
  const deathOf = new Map<Tensor, number>();
  deaths.forEach((dying, i) => {
    for (const node of dying) {
      const root = storage.get(node)!;
      const left = users.get(root)! - 1;
      users.set(root, left);
      if (left === 0) deathOf.set(root, i);
    }
  });

  const dying: Tensor[][] = order.map(() => []);
  for (const [root, i] of deathOf) if (!isGiven(root)) dying[i]!.push(root);
  let [bytes, most, peak] = [0, -1, 0];
  order.forEach((node, i) => {
    if (storage.get(node) === node && !isGiven(node)) bytes += bytesOf(node);
    const now = bytes + workspaceBytes(node);
    if (now > most) [most, peak] = [now, i];
    for (const root of dying[i]!) bytes -= bytesOf(root);
  });

  const weightBytes = given.weightBytes + constantBytes;
  const live = order
    .slice(0, peak + 1)
    .filter((node) => storage.get(node) === node && !isGiven(node) && (deathOf.get(node) ?? order.length) >= peak)
    .map((node) => ({ node, bytes: bytesOf(node) }))
    .sort((a, b) => b.bytes - a.bytes);
  const peakBytes = weightBytes + given.stateBytes + given.inputBytes + most;
  return { ...given, weightBytes, peakBytes, valueBytes: most, peakNode: order[peak]!, live };
}

/** The node whose memory each node's value lies in: its own, its input's, or that of a bound weight of which it is rows. */
function storages(order: readonly Tensor[], isBound: (node: Tensor) => boolean): Map<Tensor, Tensor> {
  const storage = new Map<Tensor, Tensor>();
  for (const node of order) {
    const source = node.inputs[0] && storage.get(node.inputs[0]);
    const isView = aliases.has(node.op) || (source !== undefined && isBound(source) && isRows(node));
    storage.set(node, isView ? source! : node);
  }
  return storage;
}

function isRows(node: Tensor): boolean {
  return (
    node.is("slice") && node.attributes.sizes.every((size, axis) => axis === 0 || size === node.inputs[0].shape[axis])
  );
}

function tensorsOf(ports: readonly Port[]): Set<Tensor> {
  return new Set(ports.map(({ tensor }) => tensor));
}

function portBytes(ports: readonly Port[]): number {
  return ports.reduce((sum, { tensor }) => sum + bytesOf(tensor), 0);
}
