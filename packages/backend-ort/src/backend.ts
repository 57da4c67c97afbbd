import { type Backend, ConfigError, type HostTensor, type Port } from "@dit/core";
import { bindConstants, disposeAll, matchFeeds, matchStacked, requireDTypes, stepGraph } from "@dit/core/internal";
import type { Tensor as RuntimeTensor } from "onnxruntime-common";
import { lowerGraph, lowerScanGraph, nativeComposites, tripCount } from "./lower/lowerGraph";
import type { WeightFormat } from "./lower/quantizedMatrix";
import { Tensors } from "./ortTensor";
import { loadRuntime } from "./runtime";
import { Sessions } from "./sessions";

export interface OrtOptions {
  /** Which of onnxruntime's execution providers runs the graphs. */
  readonly provider?: "cpu";
  /** Threads inside one operation; by default as many as there are cores. */
  readonly threads?: number;
  /**
   * Bytes of bound constants that are handed to onnxruntime in memory, 1 GiB by default. More go through a temporary
   * file that onnxruntime maps: they are then in memory once, and may be more than the 2 GB of a protobuf. Mapped weights
   * are slower to read: a forward pass of DiT-S/2 went from 86% to 74% of the matrix products' own speed.
   */
  readonly inlineBytes?: number;
  /**
   * What the weights of linear layers are held in, f32 by default. Others are made of weights that are bound at compile
   * time, as `sample` does; a graph with weights among its inputs, such as a train step, is refused.
   */
  readonly weights?: WeightFormat;
}

/**
 * The onnxruntime backend: a graph becomes an ONNX model, a scan one `Loop` in it, so that a train state or a latent
 * stays with the runtime from step to step.
 * @throws MissingPackageError when onnxruntime-node is not installed
 * @throws ConfigError for a provider that this platform lacks
 */
export async function ort({
  provider = "cpu",
  threads,
  inlineBytes = 2 ** 30,
  weights = "f32",
}: OrtOptions = {}): Promise<Backend> {
  if (provider !== "cpu")
    throw new ConfigError(`there is no onnxruntime provider ${JSON.stringify(provider)} here (providers: cpu)`);
  const runtime = await loadRuntime();
  const tensors = new Tensors(runtime);
  const sessions = new Sessions(runtime, threads, inlineBytes);

  const wrapAll = (
    ports: readonly Port[],
    outputs: Readonly<Record<string, RuntimeTensor>>,
    prefix = "",
    steps?: number,
  ) =>
    Object.fromEntries(
      ports.map(({ name, tensor: { dtype, shape } }) => [
        name,
        tensors.wrap(dtype, steps === undefined ? shape : [steps, ...shape], outputs[`${prefix}${name}`]!),
      ]),
    );

  const name = weights === "f32" ? `ort-${provider}` : `ort-${provider}-${weights}`;
  // The processor's kernels compute f16 in f32 and round; there are none for bf16.
  const dtypes = ["f32", "f16", "i32", "bool"] as const;

  return {
    name,
    capabilities: { dtypes, nativeComposites, scanStaysOnDevice: true },

    async compile(graph, { constants = {} } = {}) {
      requireDTypes(graph, name, dtypes);
      const { free } = bindConstants(graph.name, graph.inputs, constants);
      const session = await sessions.open(lowerGraph(graph, constants, { weights }));
      return {
        run: async (inputs) => {
          const feeds = matchFeeds(graph.name, free, inputs).map((feed, i) => [
            free[i]!.name,
            tensors.runtimeTensor(feed),
          ]);
          return wrapAll(graph.outputs, await session.run(Object.fromEntries(feeds)));
        },
        dispose: () => session.close(),
      };
    },

    async compileScan(scan, { constants: bound = {} } = {}) {
      requireDTypes(stepGraph(scan), name, dtypes);
      const { free } = bindConstants(scan.name, scan.constants, bound);
      const session = await sessions.open(lowerScanGraph(scan, bound, { weights }));
      return {
        run: async ({ constants = {}, carry, xs }) => {
          const stacked = matchStacked(scan.name, scan.xs, xs);
          const feeds: Record<string, RuntimeTensor> = {
            [tripCount]: new runtime.Tensor("int64", BigInt64Array.of(BigInt(stacked.steps)), []),
          };
          const feed = (
            prefix: string,
            ports: readonly Port[],
            values: readonly Parameters<typeof tensors.runtimeTensor>[0][],
          ) =>
            ports.forEach(({ name }, i) => {
              feeds[`${prefix}.${name}`] = tensors.runtimeTensor(values[i]!);
            });
          feed("constants", free, matchFeeds(scan.name, free, constants));
          feed("carry", scan.carry, matchFeeds(scan.name, scan.carry, carry));
          feed("xs", scan.xs, stacked.xs);
          const outputs = await session.run(feeds);
          disposeAll(carry);
          return {
            carry: wrapAll(scan.carry, outputs, "next."),
            ys: wrapAll(scan.ys, outputs, "ys.", stacked.steps),
          };
        },
        dispose: () => session.close(),
      };
    },

    // The copy keeps the device tensor from changing when the caller reuses the array.
    upload: async ({ dtype, shape, data }) =>
      tensors.wrap(dtype, shape, tensors.lend({ dtype, shape, data: data.slice() } as HostTensor)),
    memory: () => tensors.memory(),
    dispose: async () => {
      tensors.disposeAll();
      await sessions.dispose();
    },
  };
}
