import { backward, type F32, type Graph, type HostTensor, type Port, type Tensor } from "@dit/core";
import {
  apply,
  type CompositeName,
  input,
  inScope,
  isFloat,
  type OpName,
  type PrimitiveName,
} from "@dit/core/internal";
import { type CaseInput, hostOf, real } from "./caseInputs";
import { type Case, opCases } from "./opCases";

/** A case of any operation. */
export interface NamedCase extends Omit<Case<OpName>, "inputs"> {
  readonly op: OpName;
  /** `matmul: batched, first transposed` */
  readonly name: string;
  readonly inputs: readonly CaseInput[];
}

/** Every case of the table, in its order. */
export const allCases: readonly NamedCase[] = (Object.keys(opCases) as (PrimitiveName | CompositeName)[]).flatMap(
  (op) => {
    const cases = opCases[op] as readonly Case<OpName>[] | { readonly none: string };
    if ("none" in cases) return [];
    return cases.map((one) => ({ ...one, op, name: `${op}: ${one.about}` }));
  },
);

/** The operation of a case: inputs `x0`, `x1`, ..., output `y`. */
export function forwardGraph({ op, name, inputs, attributes }: NamedCase): Graph & { readonly y: Tensor } {
  const ports = inputs.map((type, i): Port => ({ name: `x${i}`, tensor: input(`x${i}`, type) }));
  const y = inScope("model", () => apply(op, ports.map(({ tensor }) => tensor) as never, attributes));
  return { name, inputs: ports, outputs: [{ name: "y", tensor: y }], y };
}

/**
 * The gradients of a case's float inputs, as outputs `d.x0`, ..., for the gradient `dy` of its output as one more input.
 * Undefined where input or output is not a float.
 */
export function gradientGraph(one: NamedCase): Graph | undefined {
  const { name, inputs, y } = forwardGraph(one);
  const floats = inputs.filter(({ tensor }) => isFloat(tensor.dtype));
  if (floats.length === 0 || !isFloat(y.dtype)) return undefined;
  const dy = input("dy", { dtype: "f32", shape: y.shape });
  const gradients = backward(
    y as F32,
    dy,
    floats.map(({ tensor }) => tensor),
  );
  return {
    name: `gradient of ${name}`,
    inputs: [...inputs, { name: "dy", tensor: dy }],
    outputs: floats.map(({ name }, i) => ({ name: `d.${name}`, tensor: gradients[i]! })),
  };
}

/** Values in float64 for the inputs of a case's graphs, by name. */
export function caseValues({ name, inputs }: NamedCase, graph: Graph): Record<string, Float64Array> {
  return Object.fromEntries(
    graph.inputs.map((port, i) => [port.name, (inputs[i] ?? real(port.tensor.shape)).values(`${name}/${port.name}`)]),
  );
}

/** The same, rounded to what a backend is fed. */
export function caseFeeds(one: NamedCase, graph: Graph): Record<string, HostTensor> {
  const values = caseValues(one, graph);
  return Object.fromEntries(
    graph.inputs.map(({ name, tensor: { dtype, shape } }) => [name, hostOf(dtype, shape, values[name]!)]),
  );
}
