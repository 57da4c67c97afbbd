import type { Tensor } from "./tensor";

/** A named input or output of a graph. */
export interface Port<T extends Tensor = Tensor> {
  readonly name: string;
  readonly tensor: T;
}

/** A computation: the tensors given, and those asked for. Everything between is reachable from the outputs. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Names of inputs whose first axis runs over independent samples, for backends that like to take them one by one. */
  readonly samples?: readonly string[];
}

/**
 * One step of a loop, after `jax.lax.scan`: run K times, the carry handed from step to step, one slice of each `xs` read
 * and one slice of each `ys` written per step, without leaving the device.
 */
export interface Scan {
  readonly name: string;
  /** Inputs that are the same at each step, such as the weights of a model that is sampled. */
  readonly constants: readonly Port[];
  /** Inputs handed from step to step; `nextCarry` has the same names, types and order. */
  readonly carry: readonly Port[];
  /** Inputs of which each step reads its own slice of the stacked [K, ...] tensor. */
  readonly xs: readonly Port[];
  readonly nextCarry: readonly Port[];
  /** Outputs stacked over the steps to [K, ...]. */
  readonly ys: readonly Port[];
  /** As a graph's. */
  readonly samples?: readonly string[];
}

/** The graph of one step of a scan. */
export function stepGraph(scan: Scan): Graph {
  return {
    name: scan.name,
    ...(scan.samples === undefined ? {} : { samples: scan.samples }),
    inputs: [...scan.constants, ...scan.carry, ...scan.xs],
    outputs: [...scan.nextCarry, ...scan.ys].map(({ name, tensor }, i) => ({
      name: i < scan.nextCarry.length ? `next.${name}` : name,
      tensor,
    })),
  };
}

/** The same scan with its step's outputs replaced, in the order of `stepGraph`. */
export function withStep(scan: Scan, step: Graph): Scan {
  const count = scan.nextCarry.length;
  return {
    ...scan,
    nextCarry: scan.nextCarry.map(({ name }, i) => ({ name, tensor: step.outputs[i]!.tensor })),
    ys: scan.ys.map(({ name }, i) => ({ name, tensor: step.outputs[count + i]!.tensor })),
  };
}

/**
 * Every node that the outputs need, each after its inputs. Iterative: a train step of 28 blocks is deep.
 * @param inputsOf the inputs of a node in the order in which they are visited, depth first
 */
export function topologicalOrder(
  outputs: readonly Tensor[],
  isLeaf: (node: Tensor) => boolean = () => false,
  inputsOf: (node: Tensor) => readonly Tensor[] = (node) => node.inputs,
): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack: { node: Tensor; inputs: readonly Tensor[]; next: number }[] = [];
  const visit = (node: Tensor) => {
    if (seen.has(node)) return;
    seen.add(node);
    stack.push({ node, inputs: isLeaf(node) ? [] : inputsOf(node), next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (top.next < top.inputs.length) visit(top.inputs[top.next++]!);
      else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** The nodes of a graph, each after its inputs. */
export function nodesOf(graph: Graph): Tensor[] {
  return topologicalOrder(graph.outputs.map(({ tensor }) => tensor));
}
