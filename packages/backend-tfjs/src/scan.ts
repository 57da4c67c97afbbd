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
 * the host works ahead of a GPU; between two steps it hears of signals and clicks. Returns the last carry and the stacked
 * outputs.
 */
export async function runScan(
  kernels: Kernels,
  tensors: Tensors,
  program: Program,
  scan: Scan,
  { constants, carry, xs, steps }: ScanInputs,
): Promise<TensorInfo[]> {
  const held = new Set<TensorInfo>();
  const hold = (make: () => TensorInfo[]): TensorInfo[] => {
    const infos = kernels.scope(make);
    for (const info of infos) held.add(info);
    return infos;
  };
  const drop = (infos: Iterable<TensorInfo>) => {
    for (const info of infos) if (held.delete(info)) kernels.free(info);
  };
  try {
    const fixed = hold(() => constants.map(([, feed]) => tensors.take(feed)));
    const stacks = xs.map((feed) => (isDeviceTensor(feed) ? hold(() => [tensors.take(feed)])[0]! : feed));
    let state = hold(() => carry.map((feed) => tensors.take(feed)));
    const rows: TensorInfo[][] = [];
    for (let step = 0; step < steps; step++) {
      const outputs = hold(() => {
        const values = new Map<Tensor, TensorInfo>(constants.map(([{ tensor }], i) => [tensor, fixed[i]!]));
        scan.carry.forEach(({ tensor }, i) => {
          values.set(tensor, state[i]!);
        });
        scan.xs.forEach(({ tensor }, i) => {
          values.set(tensor, rowOf(kernels, stacks[i]!, step, tensor));
        });
        return program.run(values);
      });
      drop(state);
      state = outputs.slice(0, carry.length);
      rows.push(outputs.slice(carry.length));
      await pause();
    }
    const ys = hold(() =>
      scan.ys.map((_, i) =>
        stacked(
          kernels,
          rows.map((row) => row[i]!),
        ),
      ),
    );
    for (const info of [...state, ...ys]) held.delete(info);
    return [...state, ...ys];
  } finally {
    drop([...held]);
  }
}

/** Lets what waits in the event loop have its turn. A timer would do so too, but browsers make those wait for 4 ms. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    }
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
