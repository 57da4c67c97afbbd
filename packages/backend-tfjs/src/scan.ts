import { hostZeros, type Scan, type Tensor } from "@dit/core";
import { hostLoop, type LoopInputs } from "@dit/core/internal";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernels } from "./kernels";
import { reshape } from "./lower/primitives";
import type { Program } from "./program";
import type { Tensors } from "./tfjsTensor";

/** The steps of a scan on tfjs's kernels: the last carry and the stacked outputs. */
export function runScan(kernels: Kernels, tensors: Tensors, program: Program, scan: Scan, inputs: LoopInputs) {
  return hostLoop<TensorInfo>(
    {
      take: (feed) => tensors.take(feed),
      lend: (host) => kernels.scope(() => kernels.upload(host)),
      run: (values) => kernels.scope(() => program.run(values)),
      stack: (rows, type) => kernels.scope(() => stacked(kernels, rows, type)),
      free: (info) => kernels.free(info),
    },
    scan,
    inputs,
  );
}

function stacked(kernels: Kernels, rows: readonly TensorInfo[], { dtype, shape }: Tensor): TensorInfo {
  if (rows.length === 0) return kernels.upload(hostZeros(dtype, [0, ...shape]));
  const lines = rows.map((row) => reshape(kernels, row, [1, ...row.shape]));
  return lines.length === 1 ? lines[0]! : kernels.run("Concat", lines, { axis: 0 });
}
