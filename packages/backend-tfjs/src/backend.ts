import { type Backend, ConfigError, DitError, type Feed, type Graph, type Port } from "@dit/core";
import { bindConstants, disposeAll, matchFeeds, matchStacked, stepGraph } from "@dit/core/internal";
import { requireDevice, type TfjsDevice } from "./devices";
import { dtypes } from "./dtypes";
import { Kernels } from "./kernels";
import { lowerGraph, lowerScanGraph } from "./lower/lowerGraph";
import { nativeComposites, wayOf } from "./lower/tables";
import { Program } from "./program";
import { openDevice } from "./runtime";
import { runScan } from "./scan";
import { Tensors } from "./tfjsTensor";

export interface TfjsOptions {
  /** Where it computes: wasm works everywhere, webgpu is the fastest where there is a GPU. */
  readonly device?: TfjsDevice;
  /** TensorFlow.js computes in f32 alone. */
  readonly precision?: "f32";
}

/**
 * The TensorFlow.js backend, in Node and in browsers: a graph becomes a list of kernels, a scan a loop on the host whose
 * carry stays in tfjs's memory. Nothing is read back but what is asked for.
 * @throws ConfigError for a device that this platform lacks, and for a precision other than f32
 * @throws MissingPackageError when a package of TensorFlow.js is not installed
 */
export async function tfjs({ device = "wasm", precision = "f32" }: TfjsOptions = {}): Promise<Backend> {
  requireDevice(device);
  if (precision !== "f32") {
    throw new ConfigError(
      `TensorFlow.js has no ${precision}: set the precision to "f32", or take another backend (such as "ort")`,
    );
  }
  const kernels = new Kernels(await openDevice(device));
  const tensors = new Tensors(kernels);
  const way = wayOf(device);
  const native = nativeComposites(way.table);
  const programs = new Set<Program>();
  const open = (graph: Graph, bound: Bound) => {
    if (tensors.isClosed) throw new DitError(`${graph.name}: the backend was disposed of`);
    const program = new Program(kernels, way, graph, valuesOf(bound));
    programs.add(program);
    return program;
  };
  const close = async (program: Program) => {
    programs.delete(program);
    program.dispose();
  };

  return {
    name: `tfjs-${device}`,
    capabilities: { dtypes, nativeComposites: native, scanStaysOnDevice: false },

    async compile(graph, { constants } = {}) {
      const { bound, free } = bindConstants(graph.name, graph.inputs, constants);
      const program = open(lowerGraph(graph, device, native), bound);
      return {
        run: async (inputs) => {
          const feeds = matchFeeds(graph.name, free, inputs);
          const infos = kernels.scope(() =>
            program.run(new Map(zip(free, feeds).map(([{ tensor }, feed]) => [tensor, tensors.take(feed)]))),
          );
          return tensors.wrapAll(graph.outputs, infos);
        },
        dispose: () => close(program),
      };
    },

    async compileScan(scan, { constants: bindings } = {}) {
      const { bound, free } = bindConstants(scan.name, scan.constants, bindings);
      const program = open(stepGraph(lowerScanGraph(scan, device, native)), bound);
      return {
        run: async ({ constants = {}, carry, xs }) => {
          const stacked = matchStacked(scan.name, scan.xs, xs);
          const last = await runScan(kernels, tensors, program, scan, {
            constants: zip(free, matchFeeds(scan.name, free, constants)),
            carry: matchFeeds(scan.name, scan.carry, carry),
            ...stacked,
          });
          disposeAll(carry);
          return tensors.wrapScan(scan, last, stacked.steps);
        },
        dispose: () => close(program),
      };
    },

    upload: async (host) =>
      tensors.wrap(
        host.dtype,
        host.shape,
        kernels.scope(() => kernels.upload(host)),
      ),
    memory: () => tensors.memory(),
    dispose: async () => {
      tensors.disposeAll();
      for (const program of programs) await close(program);
    },
  };
}

function zip(ports: readonly Port[], feeds: readonly Feed[]): (readonly [Port, Feed])[] {
  return ports.map((port, i) => [port, feeds[i]!]);
}

type Bound = ReturnType<typeof bindConstants>["bound"];

function valuesOf(bound: Bound) {
  return new Map(bound.map(({ tensor, value }) => [tensor, value]));
}
