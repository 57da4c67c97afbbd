import type { Feed, HostTensor, Port, Scan, Tensor } from "@dit/core";
import { isDeviceTensor, sizeOf } from "@dit/core/internal";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "./kernels";
import { reshape } from "./lower/primitives";
import type { Program } from "./program";
import type { Tensors } from "./tfjsTensor";

/** What the steps of a scan run on: feeds in the order of its ports. */
interface ScanInputs {
  /** The constants that were not bound at compile. */
  readonly constants: readonly (readonly [Port, Feed])[];
  readonly carry: readonly Feed[];
  readonly xs: readonly Feed[];
  readonly steps: number;
}

/**
 * The steps of a scan, one after the other. The carry goes from step to step as it is, and no value is waited for, so that
 * the host works ahead of a GPU. Returns the last carry and the stacked outputs.
 */
export function runScan(
  kernels: Kernels,
  tensors: Tensors,
  program: Program,
  scan: Scan,
  { constants, carry, xs, steps }: ScanInputs,
): TensorInfo[] {
  return kernels.scope(() => {
    const fixed = constants.map(([{ tensor }, feed]) => [tensor, tensors.take(feed)] as const);
    const stacks = xs.map((feed) => (isDeviceTensor(feed) ? tensors.take(feed) : feed));
    let state = carry.map((feed) => tensors.take(feed));
    const rows: TensorInfo[][] = [];
    for (let step = 0; step < steps; step++) {
      const slices = scan.xs.map(({ tensor }, i) => kernels.scope(() => rowOf(kernels, stacks[i]!, step, tensor)));
      const values = new Map<Tensor, TensorInfo>(fixed);
      scan.carry.forEach(({ tensor }, i) => {
        values.set(tensor, state[i]!);
      });
      scan.xs.forEach(({ tensor }, i) => {
        values.set(tensor, slices[i]!);
      });
      const outputs = program.run(values);
      for (const info of [...slices, ...state]) kernels.free(info);
      state = outputs.slice(0, carry.length);
      rows.push(outputs.slice(carry.length));
    }
    const ys = scan.ys.map((_, i) =>
      kernels.scope(() =>
        stacked(
          kernels,
          rows.map((row) => row[i]!),
        ),
      ),
    );
    return [...state, ...ys];
  });
}

/** Row `step` of a stack [K, ...]: from the host one row is copied, on the device one is cut out. */
function rowOf(kernels: Kernels, stack: TensorInfo | HostTensor, step: number, { dtype, shape }: Tensor): TensorInfo {
  if ("data" in stack) {
    const size = sizeOf(shape);
    const data = stack.data.subarray(step * size, (step + 1) * size);
    return kernels.upload({ dtype, shape, data } as HostTensor);
  }
  const begin = stack.shape.map((_, axis) => (axis === 0 ? step : 0));
  return reshape(kernels, kernels.run("Slice", { x: stack }, { begin, size: [1, ...shape] }), shape);
}

function stacked(kernels: Kernels, rows: readonly TensorInfo[]): TensorInfo {
  const lines = rows.map((row) => reshape(kernels, row, [1, ...row.shape]));
  return lines.length === 1 ? lines[0]! : kernels.run("Concat", lines, { axis: 0 });
}
