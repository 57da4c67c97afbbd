import { type Graph, nodesOf } from "./graph";
import type { Tensor } from "./tensor";

/** A graph as text, one node a line: `%3 = matmul(%1, weight) {transposeB: true} : f32[8, 384]  # blocks.0.mlp.fc1`. */
export function print(graph: Graph): string {
  const names = new Map<Tensor, string>(graph.inputs.map(({ name, tensor }) => [tensor, name]));
  const lines = [
    `graph ${graph.name}(${graph.inputs.map(({ name, tensor }) => `${name}: ${typeOf(tensor)}`).join(", ")})`,
  ];
  for (const node of nodesOf(graph)) {
    if (names.has(node)) continue;
    const name = `%${names.size - graph.inputs.length}`;
    names.set(node, name);
    const inputs = node.inputs.map((x) => names.get(x)).join(", ");
    const scope = node.scope === "" ? "" : `  # ${node.scope}`;
    lines.push(`  ${name} = ${node.op}(${inputs})${attributesOf(node)} : ${typeOf(node)}${scope}`);
  }
  for (const { name, tensor } of graph.outputs) lines.push(`  return ${name} = ${names.get(tensor)}`);
  return lines.join("\n");
}

/** `f32[8, 256]` */
export function typeOf({ dtype, shape }: Pick<Tensor, "dtype" | "shape">): string {
  return `${dtype}[${shape.join(", ")}]`;
}

function attributesOf(node: Tensor): string {
  if (node.is("constant")) {
    const { data } = node.attributes.value;
    return ` {${Array.from(data.slice(0, 4)).join(", ")}${data.length > 4 ? ", ..." : ""}}`;
  }
  const entries = Object.entries(node.attributes).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return entries.length === 0 ? "" : ` {${entries.join(", ")}}`;
}
