import { infer } from "./apply";
import { DitError } from "./errors";
import { type Graph, nodesOf, type Scan, stepGraph } from "./graph";
import { typeOf } from "./print";
import { sameShape } from "./shape";

/**
 * Checks a graph after a pass: every node has the type its rule infers, every input that is reached is declared, names
 * are unique.
 * @throws DitError naming the first node that is wrong
 */
export function verify(graph: Graph): void {
  const declared = new Set(graph.inputs.map(({ tensor }) => tensor));
  requireUnique(
    graph.name,
    "input",
    graph.inputs.map(({ name }) => name),
  );
  requireUnique(
    graph.name,
    "output",
    graph.outputs.map(({ name }) => name),
  );
  for (const node of nodesOf(graph)) {
    const type = infer(node.op, node.inputs, node.attributes, node.scope);
    if (type.dtype !== node.dtype || !sameShape(type.shape, node.shape)) {
      const where = node.scope === "" ? "" : ` in ${node.scope}`;
      throw new DitError(`${graph.name}: ${node.op}${where} is ${typeOf(node)} but its rule says ${typeOf(type)}`);
    }
    if (node.is("input") && !declared.has(node)) {
      throw new DitError(`${graph.name}: input ${node.attributes.name} is used but not declared`);
    }
  }
}

/** Checks a scan's step, and that the carry leaves each step as it entered. */
export function verifyScan(scan: Scan): void {
  verify(stepGraph(scan));
  const extra = scan.nextCarry[scan.carry.length];
  if (extra !== undefined) throw new DitError(`${scan.name}: carry ${extra.name} comes back but does not come in`);
  scan.carry.forEach(({ name, tensor }, i) => {
    const next = scan.nextCarry[i];
    if (next?.name !== name || next.tensor.dtype !== tensor.dtype || !sameShape(next.tensor.shape, tensor.shape)) {
      const seen = next === undefined ? "missing" : `${next.name}: ${typeOf(next.tensor)}`;
      throw new DitError(`${scan.name}: carry ${name}: ${typeOf(tensor)} comes back as ${seen}`);
    }
  });
}

function requireUnique(graph: string, role: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new DitError(`${graph}: two ${role}s are named ${twice}`);
}
