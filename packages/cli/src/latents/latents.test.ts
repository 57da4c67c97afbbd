import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  diffusionDefaults,
  ditConfig,
  hostF32,
  initialize,
  normal,
  reference,
  type StepMetrics,
  train,
} from "@dit/core";
import { encode, klConfig, type Vae, vaeSpec } from "@dit/vae";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Dataset } from "../data/dataset";
import { memoryDataset } from "../data/memoryDataset";
import { encodeDataset } from "./encodeDataset";
import { manifestOf, openLatents, writeLatents } from "./latentsFolder";
import { latentShapeOf } from "./openTrainingData";

const temporary = mkdtempSync(join(tmpdir(), "latents-"));
const folder = join(temporary, "latents");
const backend = reference();
afterAll(() => rmSync(temporary, { recursive: true }));

const config = klConfig({
  blockOutChannels: [4, 8],
  layersPerBlock: 1,
  normNumGroups: 2,
  latentChannels: 2,
  shiftFactor: 0.1,
});
const vaeOf = (seed: number): Vae => ({ config, weights: initialize(vaeSpec(config), seed) });
const vae = vaeOf(1);

/** Five pictures of 8 x 8 in colour, no two alike and none its own mirror image. */
const images = memoryDataset({
  name: "folder:pictures",
  classNames: ["even", "odd"],
  imageShape: [3, 8, 8],
  flip: true,
  pixels: Uint8Array.from({ length: 5 * 192 }, (_, i) => (i * i * 37 + i * 11) & 255),
  labels: Uint8Array.from([0, 1, 0, 1, 0]),
});

beforeAll(async () => {
  const records = encodeDataset(images, vae, backend, { batch: 2 });
  await writeLatents(folder, manifestOf(images, vae, latentShapeOf(images, vae)), records);
});

/** The same images, each encoded alone when it is first wanted, and sampled as the training script does. */
async function encodedOnTheFly(): Promise<Dataset> {
  const posteriors = new Map<string, { mean: Float32Array; std: Float32Array }>();
  for (let index = 0; index < images.size; index++) {
    for (const isMirrored of [false, true]) {
      const pixels = new Float32Array(192);
      images.read(index, pixels, 0);
      const seen = pixels.map((_, i) => (isMirrored ? pixels[i - (i % 8) + 7 - (i % 8)]! : pixels[i]!));
      const { mean, std } = await encode(vae, hostF32([1, 3, 8, 8], seen), { backend });
      posteriors.set(`${index} ${isMirrored}`, { mean: mean.data, std: std.data });
    }
  }
  return {
    ...images,
    imageShape: [2, 4, 4],
    draw: (index, isMirrored, key, out, offset) => {
      const { mean, std } = posteriors.get(`${index} ${isMirrored}`)!;
      const noise = normal({ ...key, stream: "posterior" }, mean.length);
      mean.forEach((value, i) => {
        out[offset + i] = (value + std[i]! * noise[i]! - 0.1) * 0.18215;
      });
    },
  };
}

async function lossesOn(data: Dataset): Promise<number[]> {
  const sizes = { patchSize: 2, hiddenSize: 8, depth: 1, heads: 2, numClasses: 2, inChannels: 2 };
  const dit = ditConfig(undefined, { ...sizes, inputSize: [4, 4] });
  const losses: number[] = [];
  const onMetrics = ({ loss }: StepMetrics) => losses.push(loss);
  const model = { dit, diffusion: diffusionDefaults };
  await train({ model, data, backend, steps: 4, batchSize: 3, seed: 5, learningRate: 1e-2, onMetrics });
  return losses;
}

test("training from a folder of latents gives the losses of encoding on the fly with the same noise", async () => {
  const losses = await lossesOn(openLatents(folder, vae));
  expect(losses).toHaveLength(4);
  expect(losses).toEqual(await lossesOn(await encodedOnTheFly()));
});

test("a visit draws anew, and reading gives the scaled mean", () => {
  const data = openLatents(folder, vae);
  const drawn = [0, 1].map((step) => {
    const out = new Float32Array(32);
    data.draw!(3, false, { seed: 0, step, sample: 0 }, out, 0);
    return out;
  });
  const mean = new Float32Array(32);
  data.read(3, mean, 0);
  expect(drawn[0]).not.toEqual(drawn[1]);
  expect(drawn[0]).not.toEqual(mean);
  expect(data.label(3)).toBe(1);
  expect(data.imageShape).toEqual([2, 4, 4]);
});

test("another autoencoder is refused, even of the same shape", () => {
  expect(() => openLatents(folder, vaeOf(2))).toThrow("of another autoencoder");
});

test("another scale is another autoencoder", () => {
  expect(() => openLatents(folder, { ...vae, config: { ...config, scalingFactor: 1 } })).toThrow(
    "of another autoencoder",
  );
});

test("what is wrong with its description is one line", () => {
  const foreign = join(temporary, "foreign");
  cpSync(folder, foreign, { recursive: true });
  const file = join(foreign, "latents.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...manifest, lables: [], labels: 0 }));
  expect(() => openLatents(foreign, vae)).toThrow(/foreign.latents\.json: unknown key lables$/);
  writeFileSync(file, JSON.stringify({ ...manifest, flip: undefined }));
  expect(() => openLatents(foreign, vae)).toThrow("latents.json: flip is missing: expected boolean");
  writeFileSync(file, "[]");
  expect(() => openLatents(foreign, vae)).toThrow("latents.json: the whole: expected object, received array");
});

test("a folder is never written over, and a cut file is named", async () => {
  const records = encodeDataset(images, vae, backend, { batch: 2 });
  const manifest = manifestOf(images, vae, [2, 4, 4]);
  await expect(writeLatents(folder, manifest, records)).rejects.toThrow("is there already");
  const cut = join(temporary, "cut");
  await writeLatents(cut, manifest, encodeDataset(images, vae, backend, { batch: 4 }));
  truncateSync(join(cut, "moments.npy"), 1000);
  expect(() => openLatents(cut, vae)).toThrow("does not hold 10 records of [2,2,4,4]");
});
