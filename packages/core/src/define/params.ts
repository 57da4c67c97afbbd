import { DitError } from "../ir/errors";
import type { HostTensor } from "../ir/hostTensor";
import type { Shape } from "../ir/shape";
import type { F32 } from "../ir/tensor";
import { f32 } from "../trace/signature";
import { flatten, type MapLeaves, mapTree } from "../trace/tree";

/** How a parameter's first values are made; see `define/initialize`. */
export type Initialization =
  | { readonly kind: "zeros" }
  | { readonly kind: "ones" }
  | { readonly kind: "normal"; readonly std: number }
  /** Uniform in +-sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio, 2010). */
  | { readonly kind: "xavierUniform"; readonly fanIn: number; readonly fanOut: number }
  | { readonly kind: "fixed"; readonly values: () => Float32Array };

/** A parameter before it has values. */
export interface ParamSpec {
  readonly shape: Shape;
  readonly init: Initialization;
}

/** The tensors of a spec: the same tree, so that a misspelt parameter does not compile. */
export type Params<S> = MapLeaves<S, ParamSpec, F32>;

/** Host values by parameter path, which is the official state-dict name. */
export type Weights = Readonly<Record<string, HostTensor<"f32">>>;

export function param(shape: Shape, init: Initialization): ParamSpec {
  return { shape, init };
}

export function isParamSpec(value: unknown): value is ParamSpec {
  return typeof value === "object" && value !== null && "init" in value && "shape" in value;
}

/** A constant table: it has no gradient, yet it is in the state dict, in the EMA and in the parameter count. */
export function isFixed({ init }: ParamSpec): boolean {
  return init.kind === "fixed";
}

/** A spec's parameters by path. */
export function paramsOf(spec: object): Record<string, ParamSpec> {
  return flatten(spec, isParamSpec);
}

/** The tensor types of a spec's parameters by path: those that are trained, and the fixed tables. */
export function paramTypes(spec: object) {
  const types = (isWanted: (param: ParamSpec) => boolean) =>
    Object.fromEntries(
      Object.entries(paramsOf(spec)).flatMap(([path, param]) => (isWanted(param) ? [[path, f32(param.shape)]] : [])),
    );
  return { trained: types((param) => !isFixed(param)), fixed: types(isFixed), all: types(() => true) };
}

/** The tree of a spec, filled with tensors found by path. */
export function bindParams<S extends object>(spec: S, tensors: Readonly<Record<string, F32>>): Params<S> {
  return mapTree(spec, isParamSpec, (_, path) => {
    const tensor = tensors[path];
    if (tensor === undefined) throw new DitError(`parameter ${path} is missing`);
    return tensor;
  });
}

/** Number of values, the fixed tables included. */
export function countParams(spec: object): number {
  return Object.values(paramsOf(spec)).reduce((sum, { shape }) => sum + shape.reduce((size, n) => size * n, 1), 0);
}
