import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readOutline } from "@dit/backend-ort";
import { ConfigError, MissingPackageError } from "@dit/core";
import {
  type FeatureNetwork,
  type FeatureSet,
  featureKinds,
  featureRows,
  prepareImages,
  type RouteName,
  routes,
} from "@dit/eval-fid";

/** Images in one run of a file that leaves the choice. */
const freeBatch = 16;

/**
 * A feature network in an ONNX file: one input [N, 3, size, size]; outputs `features`, and perhaps `spatial` and
 * `logits`, or one output of any name, which then is the features.
 * @throws ConfigError when the file has another input. @throws MissingPackageError without onnxruntime-node
 */
export async function onnxFeatures(file: string, route: RouteName): Promise<FeatureNetwork> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node").catch((cause) => {
    throw new MissingPackageError("onnxruntime-node", "npm install onnxruntime-node", { cause });
  });
  const networkHash = hashOf(file);
  const session = await InferenceSession.create(file);
  const [input] = session.inputMetadata;
  const [batch, channels, size] = input?.isTensor ? input.shape : [];
  if (session.inputMetadata.length !== 1 || channels !== 3 || typeof size !== "number") {
    throw new ConfigError(`${file}: a feature network has one input [N, 3, size, size]`);
  }
  const atOnce = typeof batch === "number" && batch > 0 ? batch : freeBatch;
  const run = async (data: Float32Array, count: number): Promise<FeatureSet> => {
    const rows = typeof batch === "number" && batch > 0 ? batch : count;
    const filled = new Float32Array(rows * 3 * size * size);
    filled.set(data);
    const outputs = await session.run({ [input!.name]: new Tensor("float32", filled, [rows, 3, size, size]) });
    const named = featureKinds.filter((kind) => kind in outputs);
    const found = named.length > 0 ? named.map((kind) => [kind, kind]) : [["features", session.outputNames[0]!]];
    const kinds = found.map(([kind, name]) => {
      const all = outputs[name!]!.data as Float32Array;
      const width = all.length / rows;
      return [kind, featureRows(all.slice(0, count * width), width)];
    });
    return { count, rows: Object.fromEntries(kinds) };
  };
  return {
    settings: { network: basename(file), networkHash, route: routes[route].description },
    batch: atOnce,
    extract: async (images) => {
      const { data } = prepareImages(images, route, size);
      return { ...(await run(data, images.count)), ...(images.labels && { labels: images.labels }) };
    },
    dispose: () => session.release(),
  };
}

/** SHA-256 of a file and of those beside it that hold its weights: without these, all networks of one shape would be the same. */
function hashOf(file: string): string {
  const bytes = readFileSync(file);
  const hash = createHash("sha256").update(bytes);
  const external = readOutline(bytes).graph.initializers.map((constant) => constant.external?.location);
  for (const location of new Set(external)) {
    if (location !== undefined) hash.update(readFileSync(join(dirname(file), location)));
  }
  return hash.digest("hex");
}
