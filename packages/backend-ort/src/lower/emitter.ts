import { type HostTensor, lazyTensor } from "@dit/core";
import { f32ArrayToF16, littleEndianBytes, sizeOf } from "@dit/core/internal";
import { elementTypeOf } from "../elementTypes";
import type { AttributeValue, NodeProto, TensorProto } from "../onnx/model";
import { BlockedProducts } from "./blockedProducts";
import { transpose } from "./transpose";

interface OpOptions {
  readonly domain?: "com.microsoft" | "com.microsoft.nchwc";
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Places of optional outputs that are left out. */
  readonly omitted?: readonly number[];
}

/**
 * Collects the ONNX nodes of one graph. Values are known by name; a node's name holds the model path, so that an error of
 * the runtime leads back to the definition. A loop's body has an emitter of its own that shares the outer constants.
 */
export class Emitter {
  readonly nodes: NodeProto[] = [];
  /** Whether this is the graph of a loop's body, whose constants lie outside it. */
  readonly isBody: boolean;
  readonly initializers: TensorProto[];
  /** Model path of what is being emitted. */
  scope = "";
  /** Products by the processor's convolutions, where it has them. */
  readonly blocks: BlockedProducts | undefined;
  private readonly deferred = new Map<string, () => string>();
  private readonly made = new Map<string, string>();
  private readonly bound: Map<string, HostTensor>;
  private readonly known: Map<string, string>;
  private readonly counter: { next: number };

  /**
   * @param block channels that the processor's convolutions want together; none when it has no such kernels
   * @param taken names of inputs and outputs, which nothing else may have
   */
  constructor(
    private readonly block?: number,
    private readonly taken: ReadonlySet<string> = new Set(),
    outer?: Emitter,
  ) {
    this.isBody = outer !== undefined;
    this.blocks = block === undefined ? undefined : new BlockedProducts(this, block);
    this.initializers = outer?.initializers ?? [];
    this.bound = outer?.bound ?? new Map();
    this.known = outer?.known ?? new Map();
    this.counter = outer?.counter ?? { next: 0 };
  }

  /** An emitter for the body of a loop in this graph. */
  body(): Emitter {
    return new Emitter(this.block, this.taken, this);
  }

  /** One node with one output, whose name is returned. An empty input name leaves an optional input out. */
  op(opType: string, inputs: readonly string[], options: OpOptions = {}): string {
    return this.ops(opType, inputs, 1, options)[0]!;
  }

  /** One node with several outputs. */
  ops(
    opType: string,
    inputs: readonly string[],
    count: number,
    { domain, attributes, omitted }: OpOptions = {},
  ): string[] {
    for (const name of inputs) this.demand(name);
    const value = this.fresh("v");
    const outputs = Array.from({ length: count }, (_, i) => (i === 0 ? value : `${value}.${i}`));
    this.nodes.push({
      opType,
      inputs,
      outputs: outputs.map((name, i) => (omitted?.includes(i) ? "" : name)),
      name: `${this.scope === "" ? "" : `${this.scope}/`}${opType}_${value.slice(1)}`,
      ...(domain === undefined ? {} : { domain }),
      ...(attributes === undefined ? {} : { attributes }),
    });
    return outputs;
  }

  /** What `make` emits, under another node's model path. */
  within(scope: string, make: () => string): string {
    const outer = this.scope;
    this.scope = scope;
    const value = make();
    this.scope = outer;
    return value;
  }

  /** Gives the value that the newest nodes made another name. False when none of this graph's nodes makes it. */
  rename(value: string, name: string): boolean {
    this.demand(value);
    const at = this.nodes.findLastIndex((node) => node.outputs.includes(value));
    const node = this.nodes[at];
    if (node === undefined) return false;
    this.nodes[at] = { ...node, outputs: node.outputs.map((output) => (output === value ? name : output)) };
    return true;
  }

  /** What `make` emits, once for each key in this graph. */
  once(key: string, make: () => string): string {
    const made = this.made.get(key) ?? make();
    this.made.set(key, made);
    return made;
  }

  /** A name for a value that is emitted when something first reads it, under the model path of now. */
  defer(make: () => string): string {
    const { scope } = this;
    const name = this.fresh("v");
    this.deferred.set(name, () => this.within(scope, make));
    return name;
  }

  /** Whether nothing has read the value yet. */
  isDeferred(name: string): boolean {
    return this.deferred.has(name);
  }

  /** A constant of whole numbers, as ONNX wants shapes and axes. Equal ones are stored once. */
  ints(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.shared(`i64[${values}]`, {
      elementType: "int64",
      dims: [values.length],
      data: littleEndianBytes(data),
    });
  }

  /** A scalar f32. */
  number(value: number): string {
    const data = Float32Array.of(value);
    return this.shared(`f32 ${value}`, { elementType: "float32", dims: [], data: littleEndianBytes(data) });
  }

  /** A f32 vector. */
  floats(values: readonly number[]): string {
    const data = Float32Array.from(values);
    return this.shared(`f32[${values}]`, {
      elementType: "float32",
      dims: [values.length],
      data: littleEndianBytes(data),
    });
  }

  /** A vector of equal numbers. */
  filled(value: number, size: number, dtype: "f32" | "f16" = "f32"): string {
    const wide = new Float32Array(size).fill(value);
    const data = littleEndianBytes(dtype === "f32" ? wide : f32ArrayToF16(wide));
    return this.shared(`${dtype}[${size}] ${value}`, { elementType: elementTypeOf[dtype], dims: [size], data });
  }

  /** A tensor's value, which becomes an initialiser when something reads it. */
  constant(value: HostTensor): string {
    const name = this.fresh("c");
    this.bind(name, value);
    return name;
  }

  /** Makes `name` stand for a value that is known now. It too becomes an initialiser when something reads it. */
  bind(name: string, value: HostTensor): void {
    this.bound.set(name, value);
  }

  /** The value that `name` stands for; undefined when it is not known before the run. */
  valueOf(name: string): HostTensor | undefined {
    return this.bound.get(name);
  }

  /** Rows `from` to `to` of a bound tensor, without a copy; undefined when `name` is not known before the run. */
  rows(name: string, from: number, to: number): string | undefined {
    const value = this.bound.get(name);
    if (value === undefined) return undefined;
    const part = `${name}[${from}:${to}]`;
    const rest = value.shape.slice(1);
    const width = sizeOf(rest);
    const load = () => value.data.subarray(from * width, to * width) as HostTensor["data"];
    this.bind(part, lazyTensor(value.dtype, [to - from, ...rest], load));
    return part;
  }

  /**
   * The transpose of a bound matrix [M, K] as a constant [K, M], or its rows `from` to `to`; undefined when `name` is not
   * known before the run.
   */
  transposed(name: string, from = 0, to?: number): string | undefined {
    const matrix = this.bound.get(name);
    if (matrix === undefined) return undefined;
    const [rows, columns] = matrix.shape as readonly [number, number];
    const end = to ?? columns;
    const flipped = to === undefined ? `${name}.T` : `${name}.T[${from}:${end}]`;
    const load = () => transpose(matrix.data as Float32Array, rows, columns, from, end);
    this.bind(flipped, lazyTensor(matrix.dtype, [end - from, rows], load));
    return flipped;
  }

  /** A bound tensor in half precision; undefined when `name` is not known before the run, or is not f32. */
  halved(name: string): string | undefined {
    const value = this.bound.get(name);
    if (value?.dtype !== "f32") return undefined;
    const half = `${name}.f16`;
    this.bind(
      half,
      lazyTensor("f16", value.shape, () => f32ArrayToF16(value.data as Float32Array)),
    );
    return half;
  }

  /** `x` seen with another shape. */
  reshape(x: string, shape: readonly number[]): string {
    const value = this.bound.get(x);
    if (value !== undefined) {
      const seen = `${x} as [${shape}]`;
      this.bind(
        seen,
        lazyTensor(value.dtype, shape, () => value.data),
      );
      return seen;
    }
    return this.op("Reshape", [x, this.ints(shape)]);
  }

  /** A constant that is stored once for each key. */
  shared(key: string, value: Omit<TensorProto, "name">): string {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const name = this.fresh("c");
    this.initializers.push({ ...value, name });
    this.known.set(key, name);
    return name;
  }

  /** A name that nothing has. */
  private fresh(kind: "v" | "c"): string {
    const name = `${kind}${this.counter.next++}`;
    return this.taken.has(name) ? this.fresh(kind) : name;
  }

  /** Emits what `name` stands for, if that has not been done. */
  private demand(name: string): void {
    const make = this.deferred.get(name);
    if (make !== undefined) {
      this.deferred.delete(name);
      this.rename(make(), name);
    }
    const value = this.bound.get(name);
    if (value === undefined || this.known.has(`bound ${name}`)) return;
    this.known.set(`bound ${name}`, name);
    this.initializers.push({
      name,
      elementType: elementTypeOf[value.dtype],
      dims: value.shape,
      data: () => littleEndianBytes(value.data),
    });
  }
}
