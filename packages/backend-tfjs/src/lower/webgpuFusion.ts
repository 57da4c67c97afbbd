import type { Shape, Tensor } from "@dit/core";
import { type OpName, sizeOf } from "@dit/core/internal";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "../kernels";
import { type Fuser, readsOf } from "./fusion";
import { reshape } from "./primitives";
import { sharedAxes } from "./sharedAxes";
import { runWgsl } from "./wgsl";

/**
 * Elementwise operations in WGSL, on numbers or on vectors of four alike. Left out are those of which tfjs's kernels make more
 * than the one function of that name: they mend what the language leaves open for infinities and what is no number.
 */
const expressions: { readonly [O in OpName]?: (...operands: string[]) => string } = {
  neg: (x) => `-${x}`,
  exp: (x) => `exp(${x})`,
  sqrt: (x) => `sqrt(${x})`,
  abs: (x) => `abs(${x})`,
  add: (a, b) => `${a} + ${b}`,
  sub: (a, b) => `${a} - ${b}`,
  mul: (a, b) => `${a} * ${b}`,
  div: (a, b) => `${a} / ${b}`,
  sigmoid: (x) => `1.0 / (1.0 + exp(-${x}))`,
  silu: (x) => `${x} / (1.0 + exp(-${x}))`,
};

/** A kernel binds eight buffers, of which one is its result. */
export const webgpuFuser: Fuser = {
  canFuse: ({ op, dtype }) => dtype === "f32" && op in expressions,
  isLiteral,
  mostReads: 7,
};

/** Numbers other than 0: a compiler knows what becomes of those, whatever the other operand is. */
function isLiteral(node: Tensor): boolean {
  if (!node.is("constant") || node.dtype !== "f32" || sizeOf(node.shape) !== 1) return false;
  const value = node.attributes.value.data[0]!;
  return Number.isFinite(value) && value !== 0;
}

/** A group of nodes (see `fuse`) as one kernel, which is given the values of what the group reads. */
export function fusedKernel(group: readonly Tensor[]): (k: Kernels, values: readonly TensorInfo[]) => TensorInfo {
  const reads = readsOf(group, webgpuFuser);
  const { shape } = group.at(-1)!;
  const { output, inputs } = sharedAxes(
    shape,
    reads.map((node) => node.shape),
  );
  const width = vectorWidth(output, inputs);
  const components = inputs.map((input) => (width === 4 && input.at(-1) === output.at(-1) ? 4 : 1));
  const body = kernelText(group, reads, { output, inputs, width, components });
  return (k, values) => {
    const seen = values.map((value, i) => reshape(k, value, inputs[i]!));
    return reshape(k, runWgsl(k, { body, output, outputComponent: width, components }, seen), shape);
  };
}

/** How the elements of a kernel's operands lie. */
interface Layout {
  readonly output: Shape;
  readonly inputs: readonly Shape[];
  readonly width: 1 | 4;
  readonly components: readonly number[];
}

/** Four numbers at a time, where each operand has four neighbours or one number for all of them. */
function vectorWidth(output: Shape, inputs: readonly Shape[]): 1 | 4 {
  const last = output.at(-1) ?? 1;
  return last % 4 === 0 && inputs.every((shape) => shape.length === 0 || shape.at(-1) === last || shape.at(-1) === 1)
    ? 4
    : 1;
}

function kernelText(group: readonly Tensor[], reads: readonly Tensor[], layout: Layout): string {
  const { output, inputs, width, components } = layout;
  const type = width === 4 ? "vec4<f32>" : "f32";
  const names = new Map<Tensor, string>();
  const lines = reads.map((node, i) => {
    names.set(node, `a${i}`);
    const shape = inputs[i]!;
    const isWhole = sizeOf(shape) === sizeOf(output) && components[i] === width;
    const value = isWhole ? `x${i}[index]` : sizeOf(shape) === 1 ? `x${i}[0]` : `getX${i}ByOutputCoords(coords)`;
    return `let a${i} = ${type}(${value});`;
  });
  const operand = (node: Tensor) => names.get(node) ?? `${type}(${literal(node)})`;
  for (const [i, node] of group.entries()) {
    lines.push(`let v${i} = ${expressions[node.op]!(...node.inputs.map(operand))};`);
    names.set(node, `v${i}`);
  }
  return `let coords = getCoordsFromIndex(index * ${width});
        ${lines.join("\n        ")}
        setOutputAtIndex(index, v${group.length - 1});`;
}

/** The number of an f32 constant, in digits that stand for no other f32. */
function literal(node: Tensor): string {
  const value = node.is("constant") ? node.attributes.value.data[0]! : Number.NaN;
  return `f32(${value.toExponential()})`;
}
