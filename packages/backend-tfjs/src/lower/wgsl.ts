import type { Shape } from "@dit/core";
import { sizeOf } from "@dit/core/internal";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "../kernels";

/** A kernel of our own for tfjs's webgpu: a thread for each of `size` results, in f32. */
export interface WgslKernel {
  /** What a thread does with its `index`: it reads `x0`, `x1`, ... and ends with `setOutputAtIndex(index, ...)`. */
  readonly body: string;
  readonly output: Shape;
  /** Whole numbers that the body reads as `uniforms.name`, so that one text serves for all of them. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** How many numbers lie in one element of the output, and of each input; 1 unless given. */
  readonly outputComponent?: 1 | 4;
  readonly components?: readonly number[];
}

const threads = 64;

/** Runs a kernel on f32 inputs, seen in the shapes given. The result is the innermost scope's. */
export function runWgsl(
  k: Kernels,
  { body, output, numbers = {}, outputComponent = 1, components }: WgslKernel,
  inputs: readonly TensorInfo[],
): TensorInfo {
  const source = `
    fn main(index : i32) {
      if (index < uniforms.size) {
        ${body}
      }
    }`;
  const program = {
    variableNames: inputs.map((_, i) => `x${i}`),
    variableComponents: [...(components ?? inputs.map(() => 1))],
    outputShape: [...output],
    outputComponent,
    dispatchLayout: { x: output.map((_, axis) => axis) },
    dispatch: [Math.ceil(sizeOf(output) / outputComponent / threads), 1, 1] as [number, number, number],
    workgroupSize: [threads, 1, 1] as [number, number, number],
    size: true,
    uniforms: Object.keys(numbers)
      .map((name) => `${name} : i32,`)
      .join(" "),
    shaderKey: source,
    getUserCode: () => source,
  };
  const uniforms = Object.values(numbers).map((value) => ({ type: "int32", data: [value] }));
  return k.own((k.backend as WebGPUBackend).runWebGPUProgram(program, [...inputs], "float32", uniforms));
}
