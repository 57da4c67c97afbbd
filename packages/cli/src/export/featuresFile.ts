import { graphProgram } from "@dit/backend-ort";
import { type Graph, type HostTensor, hostTensor, normal, type Weights } from "@dit/core";
import { disposeAll, nodesOf, sizeOf } from "@dit/core/internal";
import { digitsGraph, type GraphNetwork, inceptionGraph } from "@dit/eval-fid";
import { openDefinition } from "../eval/openDefinition";
import type { Exportable, ModelKind } from "./exportable";
import type { NoSettings } from "./modelFile";

/** What of a feature network reaches a file: the choice of a route stays with whoever prepares the images. */
export type FeaturesModel = Pick<GraphNetwork, "name" | "size" | "graph" | "weights">;

/** What a file says of its network. */
type FeaturesConfig = Pick<FeaturesModel, "name" | "size">;

const graphs: Readonly<Record<string, FeaturesModel["graph"]>> = {
  "inception-2015-12-05": inceptionGraph,
  digits: digitsGraph,
};

const featuresModel: ModelKind<FeaturesModel> = {
  open: (path) => openDefinition(path, "adm"),
  describe: ({ name, size }) => ({ config: { name, size }, schedule: null, classNames: null }),
  standIn(config) {
    const { name, size } = config as FeaturesConfig;
    const graph = graphs[name]!;
    return {
      ...{ name, size, graph },
      get weights() {
        return zeros(graph(1));
      },
    };
  },
  held: (network) => network,
};

/** A feature network, such as Inception: images to what they are judged by. */
export const featuresFile: Exportable<NoSettings, FeaturesModel> = {
  fileName: "features",
  kind: featuresModel,
  // Its work is in convolutions, which the formats of integers leave as they are.
  dtypes: ["f32", "f16"],
  takesAnyBatch: true,
  settings: () => ({}),
  program: ({ graph, weights }, _, options) => graphProgram(graph, weights, options),
  feeds: ({ size }, _, batchSize) => ({ images: drawnImages(size, batchSize) }),
  async expected({ size, graph, weights }, _, batchSize, backend) {
    const executable = await backend.compile(graph(batchSize), { constants: weights });
    const outputs = await executable.run({ images: drawnImages(size, batchSize) });
    const read = Object.entries(outputs).map(async ([name, output]) => [name, (await output.read()).data] as const);
    const values = Object.fromEntries(await Promise.all(read));
    disposeAll(outputs);
    await executable.dispose();
    return values as Record<string, Float32Array>;
  },
  multiplyAdds: ({ graph }) => ofConvolutions(graph(1)),
  passesBy: "max",
};

/** Noise, from -1 to 1. */
function drawnImages(size: number, batchSize: number): HostTensor<"f32"> {
  const values = normal({ seed: 0, stream: "export", step: 0, sample: 0 }, batchSize * 3 * size * size);
  return hostTensor(
    "f32",
    [batchSize, 3, size, size],
    values.map((x) => Math.max(-1, Math.min(1, x / 2))),
  );
}

/** Multiplications and additions of its convolutions, which are nearly all of its work. */
function ofConvolutions(graph: Graph): number {
  return nodesOf(graph)
    .filter(({ op }) => op === "biasedConv2d")
    .reduce((sum, { shape, inputs }) => sum + (sizeOf(shape) / shape[1]!) * sizeOf(inputs[1]!.shape), 0);
}

/** The shapes of a graph's weights alone. */
function zeros(graph: Graph): Weights {
  const weights = graph.inputs.filter(({ name }) => name !== "images");
  return Object.fromEntries(
    weights.map(({ name, tensor: { shape } }) => [name, hostTensor("f32", shape, new Float32Array(sizeOf(shape)))]),
  );
}
