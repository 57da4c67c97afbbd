import type { Graph, HostTensor, Port, Scan, Tensor } from "@dit/core";
import type { CompositeName, OpName } from "@dit/core/internal";
import { isComposite, lower, nodesOf, splitBatch, stepGraph } from "@dit/core/internal";
import { elementTypeOf } from "../elementTypes";
import { attr, type GraphProto, type ModelProto, type ValueInfoProto } from "../onnx/model";
import { composites } from "./composites";
import { Emitter } from "./emitter";
import { type Lowering, primitives } from "./primitives";

/** The composites that reach ONNX as they are. */
export const nativeComposites: ReadonlySet<CompositeName> = new Set(Object.keys(composites) as CompositeName[]);

/** Inputs bound as initialisers. */
export type Bound = Readonly<Record<string, HostTensor>>;

/** The first operator set with Attention; com.microsoft holds onnxruntime's own kernels. */
const opsets = { "": 23, "com.microsoft": 1 };
const irVersion = 10;

/**
 * Elements of a sample's values from which a batch goes through the network sample by sample: on a processor, a value of a
 * few megabytes that one operation writes and the next reads costs as much as the operation itself.
 */
const smallestPart = 2 ** 16;

/** A graph in the form that reaches onnxruntime: each node becomes a few of its own. */
export function loweredGraph(graph: Graph): Graph {
  return splitBatch(lower(graph, nativeComposites), smallestPart);
}

/** A graph as an ONNX model with the same names of inputs and outputs. */
export function lowerGraph(graph: Graph, bound: Bound = {}): ModelProto {
  const emit = new Emitter();
  const outputs = emitOutputs(emit, loweredGraph(graph), bindInputs(emit, graph.inputs, bound));
  return modelOf(emit, graph.name, {
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
export function lowerScanGraph(scan: Scan, bound: Bound = {}): ModelProto {
  const emit = new Emitter();
  const body = new Emitter(emit);
  const names = bindInputs(emit, scan.constants, bound, "constants.");
  for (const { name, tensor } of scan.carry) names.set(tensor, `body.${name}`);
  for (const { name, tensor } of scan.xs) names.set(tensor, body.op("Gather", [`xs.${name}`, "iteration"]));
  const step = emitOutputs(body, loweredGraph(stepGraph(scan)), names);
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
  return modelOf(emit, scan.name, {
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

function modelOf(emit: Emitter, name: string, ports: Pick<GraphProto, "inputs" | "outputs">): ModelProto {
  return {
    irVersion,
    opsets,
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
function emitOutputs(emit: Emitter, graph: Graph, names: Map<Tensor, string>): ValueInfoProto[] {
  const wanted = new Map(graph.outputs.map(({ name, tensor }) => [tensor, name]));
  for (const node of nodesOf(graph)) {
    if (names.has(node)) continue;
    emit.scope = node.scope;
    const inputs = node.inputs.map((x) => names.get(x)!);
    const value = loweringOf(node.op)(emit, node, inputs);
    const name = wanted.get(node);
    names.set(node, name !== undefined && emit.rename(value, name) ? name : value);
  }
  emit.scope = "output";
  return graph.outputs.map(({ name, tensor }) => {
    const value = names.get(tensor)!;
    if (value !== name) emit.rename(emit.op("Identity", [value]), name);
    return valueInfo(name, tensor);
  });
}

function loweringOf(op: OpName): Lowering<Tensor> {
  return (isComposite(op) ? composites[op] : primitives[op]) as Lowering<Tensor>;
}

function valueInfo(name: string, { dtype, shape }: Tensor, lead: readonly string[] = []): ValueInfoProto {
  return { name, elementType: elementTypeOf[dtype], shape: [...lead, ...shape] };
}
