import type { DType, Graph, HostTensor, Port, Scan, Tensor } from "@dit/core";
import { isComposite, lower, nodesOf, stepGraph } from "@dit/core/internal";
import { elementTypeOf } from "../elementTypes";
import {
  attr,
  elementTypes,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type ValueInfoProto,
} from "../onnx/model";
import { Emitter } from "./emitter";
import { processor } from "./processor";
import { type Lowering, nativeComposites, type Target } from "./target";

/** Inputs bound as initialisers. */
export type Bound = Readonly<Record<string, HostTensor>>;

const irVersion = 10;

/** A graph in the form that reaches onnxruntime: each node becomes a few of its own. */
export function loweredGraph(graph: Graph, target: Target = processor): Graph {
  return target.finish(lower(target.prepare(graph), nativeComposites(target), target.wide));
}

/** A graph as an ONNX model with the same names of inputs and outputs. */
export function lowerGraph(graph: Graph, bound: Bound = {}, target: Target = processor): ModelProto {
  const emit = new Emitter();
  const outputs = emitOutputs(emit, target, loweredGraph(graph, target), bindInputs(emit, graph.inputs, bound));
  return modelOf(emit, target, graph.name, {
    inputs: free(graph.inputs, bound).map((port) => valueInfo(port.name, port.tensor)),
    outputs,
  });
}

/** The name of the input that says how often a lowered scan's step runs. */
export const tripCount = "steps";

/**
 * A scan as an ONNX model: one `Loop` that carries the state. The constants and the stacked inputs stay outside; the body
 * reads its slice of each stacked input by the iteration's number. Carry `c` comes in as `carry.c` and out as `next.c`,
 * stacked inputs and outputs are `xs.x` and `ys.y`, constants `constants.c`.
 */
export function lowerScanGraph(scan: Scan, bound: Bound = {}, target: Target = processor): ModelProto {
  const emit = new Emitter();
  const body = new Emitter(emit);
  const names = bindInputs(emit, scan.constants, bound, "constants.");
  for (const { name, tensor } of scan.carry) names.set(tensor, `body.${name}`);
  for (const { name, tensor } of scan.xs) names.set(tensor, body.op("Gather", [`xs.${name}`, "iteration"]));
  const step = emitOutputs(body, target, loweredGraph(stepGraph(scan), target), names);
  const keepGoing = body.op("Identity", ["condition"]);
  const loopBody: GraphProto = {
    name: scan.name,
    nodes: body.nodes,
    inputs: [
      { name: "iteration", elementType: "int64", shape: [] },
      { name: "condition", elementType: "bool", shape: [] },
      ...scan.carry.map(({ name, tensor }) => valueInfo(`body.${name}`, tensor)),
    ],
    outputs: [{ name: keepGoing, elementType: "bool", shape: [] }, ...step],
  };
  const carryOut = scan.carry.map(({ name }) => `next.${name}`);
  const ysOut = scan.ys.map(({ name }) => `ys.${name}`);
  emit.nodes.push({
    opType: "Loop",
    name: scan.name,
    inputs: [tripCount, "", ...scan.carry.map(({ name }) => `carry.${name}`)],
    outputs: [...carryOut, ...ysOut],
    attributes: { body: attr.graph(loopBody) },
  });
  return modelOf(emit, target, scan.name, {
    inputs: [
      { name: tripCount, elementType: "int64", shape: [] },
      ...free(scan.constants, bound).map(({ name, tensor }) => valueInfo(`constants.${name}`, tensor)),
      ...scan.carry.map(({ name, tensor }) => valueInfo(`carry.${name}`, tensor)),
      ...scan.xs.map(({ name, tensor }) => valueInfo(`xs.${name}`, tensor, [tripCount])),
    ],
    outputs: [
      ...scan.carry.map(({ name, tensor }) => valueInfo(`next.${name}`, tensor)),
      ...scan.ys.map(({ name, tensor }) => valueInfo(`ys.${name}`, tensor, [tripCount])),
    ],
  });
}

function modelOf(
  emit: Emitter,
  { opset }: Target,
  name: string,
  ports: Pick<GraphProto, "inputs" | "outputs">,
): ModelProto {
  return {
    irVersion,
    // com.microsoft holds onnxruntime's own kernels.
    opsets: { "": opset, "com.microsoft": 1 },
    producerName: "@dit/backend-ort",
    graph: { name, nodes: emit.nodes, initializers: emit.initializers, ...ports },
  };
}

/** The names by which the graph's inputs are known; those that are bound become initialisers where they are read. */
function bindInputs(emit: Emitter, ports: readonly Port[], bound: Bound, prefix = ""): Map<Tensor, string> {
  return new Map(
    ports.map(({ name, tensor }) => {
      const value = bound[name];
      if (value !== undefined) emit.bind(`${prefix}${name}`, value);
      return [tensor, `${prefix}${name}`];
    }),
  );
}

function free(ports: readonly Port[], bound: Bound): readonly Port[] {
  return ports.filter(({ name }) => bound[name] === undefined);
}

/**
 * Emits every node and names the outputs. A value is made under its output's name where it can be: an identity in between
 * would copy it, which for a train state costs as much as an optimiser's pass over it.
 */
function emitOutputs(emit: Emitter, target: Target, graph: Graph, names: Map<Tensor, string>): ValueInfoProto[] {
  const wanted = new Map(graph.outputs.map(({ name, tensor }) => [tensor, name]));
  for (const node of nodesOf(graph)) {
    if (names.has(node)) continue;
    emit.scope = node.scope;
    const inputs = node.inputs.map((x) => names.get(x)!);
    const value = loweringOf(node, target)(emit, node, inputs);
    const name = wanted.get(node);
    names.set(node, name !== undefined && emit.rename(value, name) ? name : value);
  }
  emit.scope = "";
  return graph.outputs.map(({ name, tensor }) => {
    const value = names.get(tensor)!;
    if (value !== name)
      emit.nodes.push({ ...copying(tensor.dtype), inputs: [value], outputs: [name], name: `output ${name}` });
    return valueInfo(name, tensor);
  });
}

/** The operator that copies a value. WebGPU's Identity knows no bools. */
export function copying(dtype: DType): Pick<NodeProto, "opType" | "attributes"> {
  if (dtype !== "bool") return { opType: "Identity" };
  return { opType: "Cast", attributes: { to: attr.int(elementTypes.bool.code) } };
}

function loweringOf({ op }: Tensor, { composites, primitives }: Target): Lowering<Tensor> {
  return (isComposite(op) ? composites[op] : primitives[op]) as Lowering<Tensor>;
}

function valueInfo(name: string, { dtype, shape }: Tensor, lead: readonly string[] = []): ValueInfoProto {
  return { name, elementType: elementTypeOf[dtype], shape: [...lead, ...shape] };
}
