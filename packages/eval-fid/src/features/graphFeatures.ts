import {
  type Backend,
  DitError,
  type Executable,
  type Graph,
  type HostTensor,
  hostTensor,
  type Weights,
} from "@dit/core";
import type { ImageBatch } from "../images/image";
import { prepareImages, type RouteName, routes } from "../images/routes";
import { featureRows } from "../statistics/featureRows";
import { type FeatureKind, featureKinds } from "../statistics/featureSet";
import type { FeatureNetwork } from "./featureNetwork";

/** A network with its weights. */
export interface GraphNetwork {
  readonly name: string;
  /** Of weights and definition. */
  readonly hash: string;
  /** `images` [batch, 3, size, size] in; `features` [batch, D] out, perhaps `spatial` and `logits` too. */
  readonly graph: (batch: number) => Graph;
  /** By the names of the graph's other inputs. */
  readonly weights: Weights;
  /** Images in one run, and their height and width. */
  readonly batch: number;
  readonly size: number;
  readonly route: RouteName;
}

/** Runs it on a backend. A short batch is filled up, and what fills it is thrown away. */
export async function graphFeatures(network: GraphNetwork, backend: Backend): Promise<FeatureNetwork> {
  const { name, hash, graph, weights, batch, size, route } = network;
  const executable = await backend.compile(graph(batch), { constants: weights });
  return {
    settings: { network: name, networkHash: hash, route: routes[route].description },
    batch,
    extract: async (images) => {
      const parts: Partial<Record<FeatureKind, Float32Array[]>> = {};
      for (let first = 0; first < images.count; first += batch) {
        const count = Math.min(batch, images.count - first);
        const outputs = await run(executable, prepareImages(slice(images, first, count), route, size), batch);
        for (const [kind, data] of Object.entries(outputs)) {
          parts[kind as FeatureKind] ??= [];
          parts[kind as FeatureKind]!.push(data.subarray(0, (data.length / batch) * count));
        }
      }
      const rows = Object.fromEntries(
        Object.entries(parts).map(([kind, data]) => [
          kind,
          featureRows(joined(data), joined(data).length / images.count),
        ]),
      );
      return { count: images.count, rows, ...(images.labels && { labels: images.labels }) };
    },
    dispose: () => executable.dispose(),
  };
}

async function run(executable: Executable, images: HostTensor<"f32">, batch: number) {
  const values = images.data.length / images.shape[0]!;
  const filled = new Float32Array(batch * values);
  filled.set(images.data);
  const tensors = await executable.run({ images: hostTensor("f32", [batch, ...images.shape.slice(1)], filled) });
  const read: Partial<Record<FeatureKind, Float32Array>> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const kind = featureKinds.find((known) => known === name);
    if (kind === undefined)
      throw new DitError(`a feature network has no output ${name}; known: ${featureKinds.join(", ")}`);
    read[kind] = (await tensor.read()).data as Float32Array;
    tensor.dispose();
  }
  return read;
}

function slice(images: ImageBatch, first: number, count: number): ImageBatch {
  const values = images.height * images.width * images.channels;
  const { height, width, channels } = images;
  return { count, height, width, channels, data: images.data.subarray(first * values, (first + count) * values) };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
