import type { Feed, Port } from "@dit/core";
import type { Tensor as RuntimeTensor } from "onnxruntime-common";
import { lowerScanGraph, tripCount } from "./lower/lowerGraph";
import type { CompileScan } from "./scan";

/** A scan as one `Loop` of the runtime, which keeps the carry from step to step. */
export const compileLoop: CompileScan = async ({ runtime, target, sessions, tensors }, scan, bound) => {
  const session = await sessions.open(lowerScanGraph(scan, bound, target));
  return {
    async run({ constants, carry, xs, steps }) {
      const feeds: Record<string, RuntimeTensor> = {
        [tripCount]: new runtime.Tensor("int64", BigInt64Array.of(BigInt(steps)), []),
      };
      const feed = (prefix: string, ports: readonly Port[], values: readonly Feed[]) =>
        ports.forEach(({ name }, i) => {
          feeds[`${prefix}.${name}`] = tensors.runtimeTensor(values[i]!);
        });
      for (const [port, value] of constants) feed("constants", [port], [value]);
      feed("carry", scan.carry, carry);
      feed("xs", scan.xs, xs);
      const outputs = await session.run(feeds);
      return {
        carry: scan.carry.map(({ name }) => outputs[`next.${name}`]!),
        ys: scan.ys.map(({ name }) => outputs[`ys.${name}`]!),
      };
    },
    close: () => session.close(),
  };
};
