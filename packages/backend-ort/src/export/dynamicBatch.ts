import { DitError } from "@dit/core";
import { littleEndianBytes } from "@dit/core/internal";
import {
  type AttributeValue,
  attr,
  bytesOfTensor,
  type Dimension,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "../onnx/model";
import type { Program } from "./program";

/** The name of the batch size in the shapes of inputs and outputs. */
export const batchDimension = "batch";

/**
 * Batch sizes at which a program is compared with itself: two that give a line, and one that has to lie on it. They are
 * primes that are no size of a network, so that no pass takes a batch for something else.
 */
const probes = [1009, 1013, 1019] as const;

/** A number that depends on the batch size as `slope * batch + start`. */
interface Line {
  readonly slope: number;
  readonly start: number;
}

/**
 * A program as one model for every batch size. Graphs have fixed shapes, so it is made at three sizes: node for node they
 * must be the same and differ in whole numbers alone, those that shapes and places are made of, each on a line over the
 * batch size. Those numbers are then worked out from the shape of an input.
 * @throws DitError naming what else depends on the batch size
 */
export function dynamicBatch(program: Program): ModelProto {
  const models = probes.map(program);
  const graphs = models.map(({ graph }) => graph);
  const { name, inputs, outputs } = merged(graphs);
  const found = source(inputs);
  const emit = new BatchArithmetic(found.name, found.axis);
  const initializers = together(graphs, ({ initializers }) => initializers ?? []).flatMap((tensors) => {
    const lines = linesOf(tensors);
    if (lines === undefined) return [constantIn(name, tensors)];
    emit.vector(tensors[0]!.name!, lines);
    return [];
  });
  const nodes = mergedNodes(graphs, (shape) => emit.reshape(shape));
  const graph = {
    name,
    nodes: [...emit.nodes, ...nodes],
    initializers: [...initializers, ...emit.initializers],
    inputs,
    outputs,
  };
  return { ...models[0]!, graph };
}

/** The input and the axis that tell the batch size. */
function source(inputs: readonly ValueInfoProto[]): { readonly name: string; readonly axis: number } {
  for (const { name, shape = [] } of inputs) {
    const axis = shape.indexOf(batchDimension);
    if (axis >= 0) return { name, axis };
  }
  throw new DitError("no input of the program runs over a batch");
}

/** The nodes that all graphs have, reading shapes as `shapeOf` says. */
function mergedNodes(graphs: readonly GraphProto[], shapeOf: (name: string) => string): NodeProto[] {
  return together(graphs, ({ nodes }) => nodes).map((nodes) => {
    const first = nodes[0]!;
    const attributes = Object.entries(first.attributes ?? {}).map(([key, value]): [string, AttributeValue] => {
      const values = nodes.map((node) => node.attributes?.[key]);
      if (value.type !== "graph") {
        requireSame(`${key} of ${first.name}`, values);
        return [key, value];
      }
      const bodies = values.map((each) => (each as typeof value).value);
      return [key, attr.graph({ ...merged(bodies), nodes: mergedNodes(bodies, shapeOf) })];
    });
    const plain = ({ opType, domain, inputs, outputs }: NodeProto) => [opType, domain, inputs, outputs];
    requireSame(`node ${first.name}`, nodes.map(plain));
    const [data, shape] = first.inputs;
    const inputs = first.opType === "Reshape" ? [data!, shapeOf(shape!)] : first.inputs;
    return { ...first, inputs, ...(attributes.length > 0 && { attributes: Object.fromEntries(attributes) }) };
  });
}

/** The ports of graphs that differ in the batch size. */
function merged(graphs: readonly GraphProto[]): Pick<GraphProto, "name" | "inputs" | "outputs"> {
  const ports = (of: (graph: GraphProto) => readonly ValueInfoProto[]) =>
    together(graphs, of).map((infos): ValueInfoProto => {
      const first = infos[0]!;
      requireSame(
        `port ${first.name}`,
        infos.map(({ name, elementType }) => [name, elementType]),
      );
      const shape = together(infos, ({ shape }) => shape ?? []).map((sizes) => dimension(first.name, sizes));
      return { ...first, shape };
    });
  // A name tells the batch size that was traced, as "train step of 64" does.
  return { name: graphs[0]!.name, inputs: ports(({ inputs }) => inputs), outputs: ports(({ outputs }) => outputs) };
}

function dimension(port: string, sizes: readonly Dimension[]): Dimension {
  if (sizes.every((size, i) => size === probes[i])) return batchDimension;
  requireSame(`shape of ${port}`, sizes);
  return sizes[0]!;
}

/** The i-th elements of every list, for each i. @throws DitError when the lists have different lengths */
function together<T, U>(all: readonly T[], listOf: (one: T) => readonly U[]): U[][] {
  const lists = all.map(listOf);
  requireSame(
    "number of parts",
    lists.map(({ length }) => length),
  );
  return lists[0]!.map((_, i) => lists.map((list) => list[i]!));
}

/** A constant that has to be the same at every batch size. Weights are: what is large is loaded when it is written. */
function constantIn(graph: string, tensors: readonly TensorProto[]): TensorProto {
  const [first] = tensors as [TensorProto];
  const values = (tensor: TensorProto) => {
    const { data } = tensor;
    if (data instanceof Uint8Array) return data.join();
    return typeof data === "function" && bytesOfTensor(tensor) <= smallConstant ? data().join() : typeof data;
  };
  const described = (tensor: TensorProto) => [tensor.name, tensor.elementType, tensor.dims, values(tensor)];
  requireSame(`constant ${first.name} in ${graph}`, tensors.map(described));
  return first;
}

/** Bytes up to which a constant is compared by its values: numbers that a graph was written with, not weights. */
const smallConstant = 1024;

/** The lines of whole numbers that differ; undefined for other constants. */
function linesOf(tensors: readonly TensorProto[]): Line[] | undefined {
  if (tensors.some(({ elementType, data }) => elementType !== "int64" || !(data instanceof Uint8Array)))
    return undefined;
  const values = tensors.map(({ data }) => wholeNumbers(data as Uint8Array));
  if (values.every((each) => sameValues(each, values[0]!))) return undefined;
  return together(values, (each) => each).map((points) => lineThrough(tensors[0]!.name!, points));
}

function wholeNumbers(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
}

function lineThrough(name: string, points: readonly number[]): Line {
  const slope = (points[1]! - points[0]!) / (probes[1] - probes[0]);
  const start = points[0]! - slope * probes[0];
  if (!Number.isInteger(slope) || points.some((y, i) => y !== slope * probes[i]! + start))
    throw new DitError(`constant ${name} is no line over the batch size: ${points} at ${probes}`);
  return { slope, start };
}

function requireSame(what: string, values: readonly unknown[]): void {
  const [first, ...rest] = values.map((value) =>
    JSON.stringify(value, (_, part) => (typeof part === "bigint" ? String(part) : part)),
  );
  if (rest.some((text) => text !== first))
    throw new DitError(`${what} depends on the batch size; export it with a fixed one`);
}

function sameValues(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** The nodes that work numbers out from the batch size. They stand before all others. */
class BatchArithmetic {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  private readonly vectors = new Map<string, readonly Line[]>();
  private readonly made = new Set<string>();

  constructor(
    private readonly input: string,
    private readonly axis: number,
  ) {}

  /** Makes `name` stand for a vector of numbers on lines. */
  vector(name: string, lines: readonly Line[]): void {
    this.vectors.set(name, lines);
    const parts = lines.map((line) => this.number(line));
    this.node("Concat", parts, name, { axis: attr.int(0) });
  }

  /**
   * The shape that a Reshape reads in the place of `name`. Where the batch size stands alone it may say so by -1, which
   * runtimes that plan their memory beforehand understand.
   */
  reshape(name: string): string {
    const lines = this.vectors.get(name);
    if (lines?.filter(({ slope }) => slope !== 0).length !== 1) return name;
    return this.ints(
      `${name}.inferred`,
      lines.map(({ slope, start }) => (slope === 0 ? start : -1)),
    );
  }

  private number({ slope, start }: Line): string {
    if (slope === 0) return this.ints(`whole ${start}`, [start]);
    const scaled = slope === 1 ? this.size() : `${slope} ${batchDimension}`;
    this.once(scaled, () => this.node("Mul", [this.size(), this.ints(`whole ${slope}`, [slope])], scaled));
    if (start === 0) return scaled;
    const name = `${scaled} + ${start}`;
    this.once(name, () => this.node("Add", [scaled, this.ints(`whole ${start}`, [start])], name));
    return name;
  }

  private size(): string {
    const ends = { start: attr.int(this.axis), end: attr.int(this.axis + 1) };
    this.once(batchDimension, () => this.node("Shape", [this.input], batchDimension, ends));
    return batchDimension;
  }

  private ints(name: string, values: readonly number[]): string {
    this.once(name, () =>
      this.initializers.push({
        name,
        elementType: "int64",
        dims: [values.length],
        data: littleEndianBytes(BigInt64Array.from(values, BigInt)),
      }),
    );
    return name;
  }

  private once(name: string, make: () => void): void {
    if (this.made.has(name)) return;
    this.made.add(name);
    make();
  }

  private node(
    opType: string,
    inputs: readonly string[],
    output: string,
    attributes?: Readonly<Record<string, AttributeValue>>,
  ): void {
    this.nodes.push({ opType, name: output, inputs, outputs: [output], ...(attributes && { attributes }) });
  }
}
