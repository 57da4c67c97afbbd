import { DitError, type Graph, type HostTensor, type Tensor } from "@dit/core";
import { topologicalOrder } from "@dit/core/internal";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "./kernels";
import { fuse, readsOf } from "./lower/fusion";
import type { Lowering, Table, Way } from "./lower/tables";

/** Values by the nodes that they are of. */
export type Values = ReadonlyMap<Tensor, TensorInfo>;

/**
 * A lowered graph as a list of kernels to run in order, each value freed after its last use. What depends on constants
 * and bound inputs alone is computed once, when the program is made.
 */
export class Program {
  private readonly outputs: readonly Tensor[];
  private readonly known: Values;
  private readonly steps: readonly Step[];
  private isOpen = true;

  /** @param bound the inputs whose values are known now */
  constructor(
    private readonly kernels: Kernels,
    way: Way,
    private readonly graph: Graph,
    bound: ReadonlyMap<Tensor, HostTensor>,
  ) {
    this.outputs = graph.outputs.map(({ tensor }) => tensor);
    const isKnown = knownNodes(this.outputs, bound);
    const isRead = [...this.outputs, ...topologicalOrder(this.outputs, (node) => isKnown.has(node)).flatMap(inputsOf)];
    const wanted = [...new Set(isRead)].filter((node) => isKnown.has(node));
    const values = kernels.scope(() => {
      const given = new Map([...bound].map(([node, value]) => [node, kernels.upload(value)]));
      return this.execute(stepsTo(wanted, given, way), wanted, given);
    });
    this.known = new Map(wanted.map((node, i) => [node, values[i]!]));
    this.steps = stepsTo(this.outputs, this.known, way);
  }

  /** The outputs' values from those of the inputs. */
  run(inputs: Values): TensorInfo[] {
    if (!this.isOpen) throw new DitError(`${this.graph.name}: this executable was disposed of`);
    return this.execute(this.steps, this.outputs, new Map([...this.known, ...inputs]));
  }

  dispose(): void {
    if (this.isOpen) for (const info of this.known.values()) this.kernels.free(info);
    this.isOpen = false;
  }

  private execute(steps: readonly Step[], outputs: readonly Tensor[], given: Values): TensorInfo[] {
    const { kernels } = this;
    const made = new Map<Tensor, TensorInfo>();
    const infoOf = (node: Tensor) => given.get(node) ?? made.get(node)!;
    return kernels.scope(() => {
      for (const { node, reads, compute, lastUses } of steps) {
        made.set(node, this.compute(node, compute, reads.map(infoOf)));
        for (const x of lastUses) {
          kernels.free(made.get(x)!);
          made.delete(x);
        }
      }
      return outputs.map((output) => kernels.share(infoOf(output)));
    });
  }

  private compute(node: Tensor, compute: Step["compute"], values: readonly TensorInfo[]): TensorInfo {
    try {
      return this.kernels.scope(() => compute(this.kernels, values));
    } catch (cause) {
      if (cause instanceof DitError) throw cause;
      const where = node.scope === "" ? this.graph.name : `${this.graph.name}, ${node.scope}`;
      throw new DitError(`TensorFlow.js failed in ${where}: ${node.op}: ${(cause as Error).message}`, { cause });
    }
  }
}

/** A value to compute, and the computed ones that nothing reads after it. */
interface Step {
  readonly node: Tensor;
  readonly reads: readonly Tensor[];
  readonly compute: (kernels: Kernels, values: readonly TensorInfo[]) => TensorInfo;
  readonly lastUses: readonly Tensor[];
}

/** What makes the outputs from what is given: each node in a step of its own, or several where the device fuses them. */
function stepsTo(outputs: readonly Tensor[], given: { has(node: Tensor): boolean }, { table, fusion }: Way): Step[] {
  const order = topologicalOrder(outputs, (node) => given.has(node)).filter((x) => !given.has(x) && !x.is("input"));
  const groups = fusion === undefined ? order.map((node) => [node]) : fuse(order, outputs, fusion.fuser);
  const steps = groups.map((group) => {
    const node = group.at(-1)!;
    if (fusion?.fuser.canFuse(node)) {
      return { node, reads: readsOf(group, fusion.fuser), compute: fusion.kernelOf(group) };
    }
    const lowering = table[node.op as keyof Table] as Lowering;
    const compute: Step["compute"] = (k, values) => lowering(k, node, values);
    return { node, reads: node.inputs, compute };
  });
  return withLastUses(steps, outputs);
}

function withLastUses(steps: readonly Omit<Step, "lastUses">[], outputs: readonly Tensor[]): Step[] {
  const lastUser = new Map<Tensor, Tensor>();
  for (const { node, reads } of steps) for (const x of reads) lastUser.set(x, node);
  for (const output of outputs) lastUser.delete(output);
  const lastUses = new Map<Tensor, Tensor[]>(steps.map(({ node }) => [node, []]));
  for (const { node } of steps) lastUses.get(lastUser.get(node)!)?.push(node);
  return steps.map((step) => ({ ...step, lastUses: lastUses.get(step.node)! }));
}

/** What depends on constants and bound inputs alone. */
function knownNodes(outputs: readonly Tensor[], bound: { has(node: Tensor): boolean }): Set<Tensor> {
  const known = new Set<Tensor>();
  for (const node of topologicalOrder(outputs)) {
    const isKnown = node.is("input") ? bound.has(node) : node.inputs.every((x) => known.has(x));
    if (isKnown) known.add(node);
  }
  return known;
}

function inputsOf({ inputs }: Tensor): readonly Tensor[] {
  return inputs;
}
