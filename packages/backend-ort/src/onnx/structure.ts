import { bytesOfTensor } from "./model";
import type { GraphOutline, ModelOutline, TensorOutline } from "./outline";

/**
 * What is wrong with a model, a sentence to each fault: a value that is read before it is made, or made twice; an output
 * that nothing makes; an operator of a domain without a version; a constant whose file part is of another size than its
 * shape, or shared with another.
 */
export function structuralFaults({ graph, opsets }: ModelOutline): string[] {
  return [...graphFaults(graph, new Set(), opsets), ...overlaps(graph.initializers)];
}

function graphFaults(
  graph: GraphOutline,
  outer: ReadonlySet<string>,
  opsets: Readonly<Record<string, number>>,
): string[] {
  const faults: string[] = [];
  const known = new Set(outer);
  const make = (name: string, by: string) => {
    if (known.has(name)) faults.push(`${by} makes ${name}, which is there already`);
    known.add(name);
  };
  for (const { name } of graph.inputs) make(name, `an input of ${graph.name}`);
  for (const tensor of graph.initializers) {
    make(tensor.name, `a constant of ${graph.name}`);
    if (tensor.external !== undefined && tensor.external.length !== bytesOfTensor(tensor))
      faults.push(
        `constant ${tensor.name} has ${tensor.external.length} bytes, its shape needs ${bytesOfTensor(tensor)}`,
      );
  }
  for (const { name, opType, domain, inputs, outputs, bodies } of graph.nodes) {
    const missing = inputs.find((input) => input !== "" && !known.has(input));
    if (missing !== undefined) faults.push(`node ${name} (${opType}) reads ${missing}, which nothing before it makes`);
    if (!(domain in opsets)) faults.push(`node ${name} (${opType}) is of domain ${domain}, which has no version`);
    for (const body of bodies) faults.push(...graphFaults(body, known, opsets));
    for (const output of outputs) if (output !== "") make(output, `node ${name}`);
  }
  const unmade = graph.outputs.filter(({ name }) => !known.has(name));
  return [...faults, ...unmade.map(({ name }) => `nothing makes the output ${name} of ${graph.name}`)];
}

function overlaps(tensors: readonly TensorOutline[]): string[] {
  const parts = tensors
    .flatMap(({ name, external }) => (external === undefined ? [] : [{ name, ...external }]))
    .sort((a, b) => (a.location < b.location ? -1 : a.location > b.location ? 1 : a.offset - b.offset));
  return parts.slice(1).flatMap((part, i) => {
    const before = parts[i]!;
    const isApart = before.location !== part.location || before.offset + before.length <= part.offset;
    return isApart ? [] : [`constants ${before.name} and ${part.name} share bytes of ${part.location}`];
  });
}
