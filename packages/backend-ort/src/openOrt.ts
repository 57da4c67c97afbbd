import { type Backend, ConfigError } from "@dit/core";
import { bindConstants, disposeAll, matchFeeds, matchStacked, requireDTypes, stepGraph } from "@dit/core/internal";
import { channelBlock } from "./channelBlock";
import { compileSteps } from "./hostScan";
import { compileLoop } from "./loopScan";
import { lowerGraph } from "./lower/lowerGraph";
import type { WeightFormat } from "./lower/quantizedMatrix";
import { nativeComposites } from "./lower/target";
import { Tensors } from "./ortTensor";
import { type Platform, requireProvider } from "./platform/platform";
import { type OrtProvider, providers } from "./provider";
import { Sessions } from "./sessions";
import { Transfers } from "./transfers";
import { abilities } from "./tryOut";

export interface OrtOptions {
  /** Which of onnxruntime's execution providers runs the graphs; by default cpu, in a browser wasm. */
  readonly provider?: OrtProvider;
  /** Threads inside one operation; by default as many as there are cores. */
  readonly threads?: number;
  /**
   * Bytes of bound constants that are handed to onnxruntime in memory, 1 GiB by default. More go through a temporary
   * file that onnxruntime maps: they are then in memory once, and may be more than the 2 GB of a protobuf. Mapped weights
   * are slower to read: a forward pass of DiT-S/2 went from 86% to 74% of the matrix products' own speed. Browsers have no
   * files, and keep everything in memory.
   */
  readonly inlineBytes?: number;
  /**
   * What the weights of linear layers are held in, f32 by default. Others are made of weights that are bound at compile
   * time, as `sample` does; a graph with weights among its inputs, such as a train step, is refused.
   */
  readonly weights?: WeightFormat;
  /**
   * Path without its end of the files into which onnxruntime writes what each of its operations took: one to a session,
   * `<profile>-<number>-<graph>_<date>.json`, whole when the backend has been disposed of. Perfetto and chrome://tracing open
   * them; `npm run profile` adds them up. Measuring costs some microseconds an operation. In Node alone.
   */
  readonly profile?: string;
}

/** The onnxruntime backend of a platform; `ort` is this with the platform of the entry that it is imported from. */
export async function openOrt(platform: Platform, options: OrtOptions = {}): Promise<Backend> {
  const { provider = platform.providers[0]!, threads, inlineBytes = 2 ** 30, weights = "f32", profile } = options;
  requireProvider(platform, provider);
  requireWeights(provider, weights);
  const { memory, hasLoop, ...hardware } = providers[provider];
  const runtime = await platform.load(provider, threads);
  const { writeTemporary } = platform;
  if (profile !== undefined && writeTemporary === undefined) {
    throw new ConfigError("profile: a page has no files to write to; profile in Node, or with the browser's own tools");
  }
  const settings = { provider, threads, inlineBytes, memory, profile, ...(writeTemporary && { writeTemporary }) };
  const sessions = new Sessions(runtime, settings);
  const { dtypes, title } = await abilities(provider, platform, sessions, runtime);
  const transfers = new Transfers(sessions);
  const tensors = new Tensors(runtime, memory, transfers);

  const block = provider === "cpu" ? await channelBlock(runtime) : undefined;
  const target = { ...hardware.target(runtime.threads, weights), block };
  const engine = { runtime, target, sessions, tensors, transfers };
  const name = weights === "f32" ? `ort-${provider}` : `ort-${provider}-${weights}`;
  return {
    name,
    capabilities: { dtypes, nativeComposites: nativeComposites(target), scanStaysOnDevice: hasLoop },

    async compile(graph, { constants = {} } = {}) {
      requireDTypes(graph, title, dtypes);
      const { free } = bindConstants(graph.name, graph.inputs, constants);
      const model = lowerGraph(graph, constants, target);
      const session = await sessions.open(model);
      return {
        run: async (inputs) => {
          const feeds = matchFeeds(graph.name, free, inputs).map((feed, i) => [
            free[i]!.name,
            tensors.runtimeTensor(feed),
          ]);
          const outputs = await session.run(Object.fromEntries(feeds));
          return tensors.wrapAll(
            graph.outputs,
            model.graph.outputs.map(({ name }) => outputs[name]!),
          );
        },
        dispose: () => session.close(),
      };
    },

    async compileScan(scan, { constants: bound = {} } = {}) {
      requireDTypes(stepGraph(scan), title, dtypes);
      const { free } = bindConstants(scan.name, scan.constants, bound);
      const compiled = await (hasLoop ? compileLoop : compileSteps)(engine, scan, bound);
      return {
        run: async ({ constants = {}, carry, xs }) => {
          const stacked = matchStacked(scan.name, scan.xs, xs);
          const given = matchFeeds(scan.name, free, constants);
          const last = await compiled.run({
            constants: free.map((port, i) => [port, given[i]!]),
            carry: matchFeeds(scan.name, scan.carry, carry),
            ...stacked,
          });
          disposeAll(carry);
          return tensors.wrapScan(scan, last, stacked.steps);
        },
        dispose: compiled.close,
      };
    },

    upload: (host) => tensors.upload(host),
    memory: () => tensors.memory(),
    dispose: async () => {
      tensors.disposeAll();
      await sessions.dispose();
    },
  };
}

/** @throws ConfigError for integer weights where their kernels are missing, or have never been compared */
function requireWeights(provider: OrtProvider, weights: WeightFormat): void {
  if (weights === "f32" || provider === "cpu" || provider === "wasm") return;
  throw new ConfigError(
    `weights of ${weights} are for the processor, not for ${provider}: take f32 or another provider`,
  );
}
