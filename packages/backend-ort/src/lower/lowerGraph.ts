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
import { irVersionOf, portableComposites } from "./portable";
import { processor } from "./processor";
import { linears } from "./quantizedLinear";
import type { WeightFormat } from "./quantizedMatrix";
import { requireBoundWeights } from "./quantizedWeights";
import { type Lowering, nativeComposites, type Target } from "./target";

/** Inputs bound as initialisers. */
export type Bound = Readonly<Record<string, HostTensor>>;

/** How a graph becomes ONNX; by default as it runs fastest on a processor. */
export interface LoweringOptions {
  /** The hardware that it is for. */
  readonly target?: Target;
  /** What the weights of linear layers are held in; all that is not f32 must be bound. f32 by default. */
  readonly weights?: WeightFormat;
  /**
   * For every runtime that knows ONNX: the standard operators alone, and no batch taken apart, so that the graph is
   * the same at each batch size.
   */
  readonly isPortable?: boolean;
  /**
   * Channels that the processor's convolutions want together. Where it is given, products go through them, and the model
   * is for this kind of processor only.
   */
  readonly block?: number | undefined;
  /** Version of the standard operators of a portable model, 18 to 23. */
  readonly opset?: number;
}

/** A graph in the form that reaches onnxruntime: each node becomes a few of its own. */
export function loweredGraph(graph: Graph, options: LoweringOptions = {}): Graph {
  const { target = processor, isPortable = false, opset = target.opset } = options;
  return isPortable
    ? lower(graph, portableComposites(opset))
    : target.finish(lower(target.prepare(graph), nativeComposites(target), target.wide));
}

/** A graph as an ONNX model with the same names of inputs and outputs. */
export function lowerGraph(graph: Graph, bound: Bound = {}, options: LoweringOptions = {}): ModelProto {
  const emit = new Emitter(undefined, options.isPortable, options.block);
  const outputs = emitOutputs(emit, loweredGraph(graph, options), bindInputs(emit, graph.inputs, bound), options);
  const inputs = free(graph.inputs, bound).map((port) => valueInfo(port.name, port.tensor));
  return modelOf(emit, graph.name, { inputs, outputs }, options);
}

/** The name of the input that says how often a lowered scan's step runs. */
export const tripCount = "steps";

/**
 * A scan as an ONNX model: one `Loop` that carries the state. The constants and the stacked inputs stay outside; the body
 * reads its slice of each stacked input by the iteration's number. Carry `c` comes in as `carry.c` and out as `next.c`,
 * stacked inputs and outputs are `xs.x` and `ys.y`, constants `constants.c`.
 */
export function lowerScanGraph(scan: Scan, bound: Bound = {}, options: LoweringOptions = {}): ModelProto {
  const emit = new Emitter(undefined, options.isPortable, options.block);
  const named = (prefix: string, ports: readonly Port[]) => ports.map(({ name }) => `${prefix}.${name}`);
  const constants = bindInputs(emit, scan.constants, bound, "constants.");
  emitLoop(emit, scan, {
    name: scan.name,
    steps: tripCount,
    constants,
    carry: named("carry", scan.carry),
    xs: named("xs", scan.xs),
    outputs: [...named("next", scan.carry), ...named("ys", scan.ys)],
    options,
  });
  const inputs = [
    { name: tripCount, elementType: "int64" as const, shape: [] },
    ...free(scan.constants, bound).map(({ name, tensor }) => valueInfo(`constants.${name}`, tensor)),
    ...scan.carry.map(({ name, tensor }) => valueInfo(`carry.${name}`, tensor)),
    ...scan.xs.map(({ name, tensor }) => valueInfo(`xs.${name}`, tensor, [tripCount])),
  ];
  const outputs = [
    ...scan.carry.map(({ name, tensor }) => valueInfo(`next.${name}`, tensor)),
    ...scan.ys.map(({ name, tensor }) => valueInfo(`ys.${name}`, tensor, [tripCount])),
  ];
  return modelOf(emit, scan.name, { inputs, outputs }, options);
}

/** The names of a `Loop`, and of what goes into it and comes out in the order of the scan's ports. */
export interface LoopNames {
  readonly name: string;
  /** Of a scalar int64. */
  readonly steps: string;
  readonly constants: ReadonlyMap<Tensor, string>;
  readonly carry: readonly string[];
  readonly xs: readonly string[];
  /** The carry at the end, then the stacked outputs. */
  readonly outputs: readonly string[];
  readonly options: LoweringOptions;
}

/** One `Loop` that runs a scan's step. */
export function emitLoop(emit: Emitter, scan: Scan, loop: LoopNames): void {
  const { name, steps, constants, carry, xs, outputs, options } = loop;
  const body = new Emitter(emit);
  const names = new Map(constants);
  const inner = carry.map((name) => `body.${name}`);
  scan.carry.forEach(({ tensor }, i) => {
    names.set(tensor, inner[i]!);
  });
  scan.xs.forEach(({ tensor }, i) => {
    names.set(tensor, body.op("Gather", [xs[i]!, "iteration"]));
  });
  const step = emitOutputs(body, loweredGraph(stepGraph(scan), options), names, options);
  const keepGoing = body.op("Identity", ["condition"]);
  const loopBody: GraphProto = {
    name: scan.name,
    nodes: body.nodes,
    inputs: [
      { name: "iteration", elementType: "int64", shape: [] },
      { name: "condition", elementType: "bool", shape: [] },
      ...scan.carry.map(({ tensor }, i) => valueInfo(inner[i]!, tensor)),
    ],
    outputs: [{ name: keepGoing, elementType: "bool", shape: [] }, ...step],
  };
  emit.nodes.push({
    opType: "Loop",
    name,
    inputs: [steps, "", ...carry],
    outputs,
    attributes: { body: attr.graph(loopBody) },
  });
}

/** What was emitted, as a model that says which operators it is made of. */
export function modelOf(
  emit: Emitter,
  name: string,
  ports: Pick<GraphProto, "inputs" | "outputs">,
  { target = processor, opset = target.opset }: LoweringOptions,
): ModelProto {
  const graph = { name, nodes: emit.nodes, initializers: emit.initializers, ...ports };
  const own = [...domainsOf(graph)].filter((domain) => domain !== "");
  return {
    irVersion: irVersionOf(opset),
    opsets: { "": opset, ...Object.fromEntries(own.map((domain) => [domain, 1])) },
    producerName: "@dit/backend-ort",
    graph,
  };
}

/** The domains of a graph's operators, those of loop bodies with them. */
function domainsOf({ nodes }: GraphProto): ReadonlySet<string> {
  const inner = nodes.flatMap(({ attributes = {} }) =>
    Object.values(attributes).flatMap((value) => (value.type === "graph" ? [...domainsOf(value.value)] : [])),
  );
  return new Set([...nodes.map(({ domain = "" }) => domain), ...inner]);
}

/** The names by which the graph's inputs are known; those that are bound become initialisers where they are read. */
export function bindInputs(emit: Emitter, ports: readonly Port[], bound: Bound, prefix = ""): Map<Tensor, string> {
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
function emitOutputs(
  emit: Emitter,
  graph: Graph,
  names: Map<Tensor, string>,
  { weights = "f32", target = processor }: LoweringOptions,
): ValueInfoProto[] {
  if (weights !== "f32") {
    requireBoundWeights(graph, (input) => emit.valueOf(names.get(input) ?? "") !== undefined, weights);
  }
  const wanted = new Map(graph.outputs.map(({ name, tensor }) => [tensor, name]));
  for (const node of nodesOf(graph)) {
    if (names.has(node)) continue;
    emit.scope = node.scope;
    const inputs = node.inputs.map((x) => names.get(x)!);
    const lowering = loweringOf(node, target, weights);
    const value =
      emit.blocks?.elementwise(node, inputs, (names) => lowering(emit, node, names)) ?? lowering(emit, node, inputs);
    const name = wanted.get(node);
    names.set(node, name !== undefined && emit.rename(value, name) ? name : value);
  }
  emit.scope = "output";
  return graph.outputs.map(({ name, tensor }) => {
    const value = names.get(tensor)!;
    const { opType, attributes = {} } = copying(tensor.dtype);
    if (value !== name) emit.rename(emit.op(opType, [value], { attributes }), name);
    return valueInfo(name, tensor);
  });
}

/** The operator that copies a value. WebGPU's Identity knows no bools. */
export function copying(dtype: DType): Pick<NodeProto, "opType" | "attributes"> {
  if (dtype !== "bool") return { opType: "Identity" };
  return { opType: "Cast", attributes: { to: attr.int(elementTypes.bool.code) } };
}

function loweringOf({ op }: Tensor, { composites, primitives }: Target, weights: WeightFormat): Lowering<Tensor> {
  if (op === "linear" && weights !== "f32") return linears[weights] as Lowering<Tensor>;
  return (isComposite(op) ? composites[op] : primitives[op]) as Lowering<Tensor>;
}

function valueInfo(name: string, { dtype, shape }: Tensor, lead: readonly string[] = []): ValueInfoProto {
  return { name, elementType: elementTypeOf[dtype], shape: [...lead, ...shape] };
}
