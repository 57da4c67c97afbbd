import { input } from "../ir/create";
import type { Graph, Port, Scan } from "../ir/graph";
import { verifyScan } from "../ir/verify";
import { isTensor, isTensorType, type Traced } from "./signature";
import { flatten, mapTree } from "./tree";

/**
 * Calls `build` on symbolic tensors of the given types and keeps what it made as a graph. Ports are named by their
 * paths in the trees: `{ params: { blocks: [...] }, x }` has inputs `params.blocks.0...` and `x`.
 */
export function trace<S extends object>(name: string, signature: S, build: (inputs: Traced<S>) => object): Graph {
  const inputs = symbols(signature);
  return { name, inputs: ports(inputs), outputs: ports(build(inputs)) };
}

/** The trees of a scan's inputs, as types. */
export interface ScanSignature {
  readonly constants: object;
  readonly carry: object;
  readonly xs: object;
}

/**
 * Traces one step of a loop: `build` takes the constants, the carry and this step's slices, and returns the next carry
 * (the same tree of the same types) and this step's outputs.
 */
export function traceScan<S extends ScanSignature>(
  name: string,
  signature: S,
  build: (inputs: Traced<S>) => { carry: object; ys: object },
): Scan {
  const inputs = symbols(signature);
  const { carry, ys } = build(inputs);
  const scan: Scan = {
    name,
    constants: ports(inputs.constants),
    carry: ports(inputs.carry),
    xs: ports(inputs.xs),
    nextCarry: ports(carry),
    ys: ports(ys),
  };
  verifyScan(scan);
  return scan;
}

function symbols<S extends object>(signature: S): Traced<S> & { [K in keyof S]: object } {
  return mapTree(signature, isTensorType, (type, path) => input(path, type)) as never;
}

function ports(tree: object): Port[] {
  return Object.entries(flatten(tree, isTensor)).map(([name, tensor]) => ({ name, tensor }));
}
