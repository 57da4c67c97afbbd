import type { DType, Graph, HostTensor, Port, Scan, Tensor } from "@dit/core";
import { isComposite, lower, nodesOf, splitBatch, stepGraph } from "@dit/core/internal";
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
import { irVersionOf } from "./portable";
import { processor } from "./processor";
import { requireBoundWeights } from "./quantizedWeights";
import { type Lowering, nativeComposites, type Target } from "./target";

/** Inputs bound as initialisers. */
export type Bound = Readonly<Record<string, HostTensor>>;

/** A graph in the form that reaches onnxruntime: each node becomes a few of its own. */
export function loweredGraph(graph: Graph, target: Target = processor()): Graph {
  const lowered = lower(target.prepare(graph), nativeComposites(target), target.wide);
  return target.batchSplit === undefined ? lowered : splitBatch(lowered, target.batchSplit);
}

/**
 * A graph as an ONNX model with the same inputs and outputs in the same order, and their names. ONNX has no output of an
 * input's name: it is called `next.x` then.
 */
export function lowerGraph(graph: Graph, bound: Bound = {}, target: Target = processor()): ModelProto {
  const taken = new Set(graph.inputs.map(({ name }) => name));
  const apart = graph.outputs.map(({ name: wanted, tensor }) => {
    let name = wanted;
    while (taken.has(name)) name = `next.${name}`;
    taken.add(name);
    return { name, tensor };
  });
  const emit = new Emitter(target.block, taken);
  const lowered = loweredGraph({ ...graph, outputs: apart }, target);
  const outputs = emitOutputs(emit, lowered, bindInputs(emit, graph.inputs, bound), target);
  const inputs = free(graph.inputs, bound).map((port) => valueInfo(port.name, port.tensor));
  return modelOf(emit, graph.name, { inputs, outputs }, target);
}

/** The name of the input that says how often a lowered scan's step runs. */
export const tripCount = "steps";

/**
 * A scan as an ONNX model: one `Loop` that carries the state. The constants and the stacked inputs stay outside; the body
 * reads its slice of each stacked input by the iteration's number. Carry `c` comes in as `carry.c` and out as `next.c`,
 * stacked inputs and outputs are `xs.x` and `ys.y`, constants `constants.c`.
 */
export function lowerScanGraph(scan: Scan, bound: Bound = {}, target: Target = processor()): ModelProto {
  const step = stepGraph(scan);
  const emit = new Emitter(target.block, new Set([...step.inputs, ...step.outputs].map(({ name }) => name)));
  const named = (prefix: string, ports: readonly Port[]) => ports.map(({ name }) => `${prefix}.${name}`);
  const constants = bindInputs(emit, scan.constants, bound, "constants.");
  emitLoop(emit, scan, {
    name: scan.name,
    steps: tripCount,
    constants,
    carry: named("carry", scan.carry),
    xs: named("xs", scan.xs),
    outputs: [...named("next", scan.carry), ...named("ys", scan.ys)],
    target,
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
  return modelOf(emit, scan.name, { inputs, outputs }, target);
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
  readonly target: Target;
}

/** One `Loop` that runs a scan's step. */
export function emitLoop(emit: Emitter, scan: Scan, loop: LoopNames): void {
  const { name, steps, constants, carry, xs, outputs, target } = loop;
  const body = emit.body();
  const names = new Map(constants);
  const inner = carry.map((name) => `body.${name}`);
  scan.carry.forEach(({ tensor }, i) => {
    names.set(tensor, inner[i]!);
  });
  scan.xs.forEach(({ tensor }, i) => {
    names.set(tensor, body.op("Gather", [xs[i]!, "iteration"]));
  });
  const step = emitOutputs(body, loweredGraph(stepGraph(scan), target), names, target);
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
  { opset }: Target,
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
function emitOutputs(emit: Emitter, graph: Graph, names: Map<Tensor, string>, target: Target): ValueInfoProto[] {
  const { weights } = target;
  if (weights !== "f32") {
    requireBoundWeights(graph, (input) => emit.valueOf(names.get(input) ?? "") !== undefined, weights);
  }
  const wanted = new Map(graph.outputs.map(({ name, tensor }) => [tensor, name]));
  const fusions = target.fusions(graph);
  const hidden = new Set([...fusions.values()].flatMap(({ hidden }) => hidden));
  for (const node of nodesOf(graph)) {
    if (names.has(node) || hidden.has(node)) continue;
    emit.scope = node.scope;
    const fusion = fusions.get(node);
    const inputs = (fusion ?? node).inputs.map((x) => names.get(x)!);
    const value = fusion === undefined ? emitNode(emit, node, inputs, target) : fusion.lower(emit, inputs);
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

function emitNode(emit: Emitter, node: Tensor, inputs: readonly string[], { composites, primitives }: Target): string {
  const lower = (isComposite(node.op) ? composites[node.op] : primitives[node.op]) as Lowering<Tensor>;
  return emit.blocks?.elementwise(node, inputs, (names) => lower(emit, node, names)) ?? lower(emit, node, inputs);
}

function valueInfo(name: string, { dtype, shape }: Tensor, lead: readonly string[] = []): ValueInfoProto {
  return { name, elementType: elementTypeOf[dtype], shape: [...lead, ...shape] };
}
