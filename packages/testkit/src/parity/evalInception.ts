import { createHash } from "node:crypto";
import { type Backend, type Graph, hostTensor, type Tensor } from "@dit/core";
import { nodesOf, paramsOf } from "@dit/core/internal";
import {
  foldNorms,
  formulaImage,
  formulaWeight,
  inceptionGraph,
  inceptionSize,
  prepareImages,
  routes,
  storedInceptionSpec,
} from "@dit/eval-fid";
import type { Findings } from "./check";
import { formulaImageA } from "./evalImages";
import { noteScalar, saltOf, within } from "./evalScalars";
import { readAll } from "./evaluate";
import type { Fixture, Values } from "./fixture";

/** The fixtures' names of the routes. */
const ourRoutes = { half_pixel_unit: "pytorch-fid", tf1: "adm", pil_bicubic: "clean-fid" } as const;

interface StoredImage {
  readonly shape_hwc: readonly [height: number, width: number, channels: number];
  readonly sha256_of_bytes: string;
}

/** Of each tap the root of its mean square; of the logits also the largest. */
interface StoredRun {
  readonly taps: { readonly top_class: number } & Readonly<Record<string, { readonly rms: number } | number>>;
}

/** The Inception network with formula weights, on every image by every route. */
export async function evalInception(fixture: Fixture, backend: Backend, findings: Findings): Promise<void> {
  const stored = Object.entries(paramsOf(storedInceptionSpec()));
  const formula = stored.map(([name, { shape }]) => [name, formulaWeight(name, shape, saltOf(fixture))] as const);
  const weights = foldNorms(Object.fromEntries(formula));
  const params = Object.entries(weights).map(([name, weight]) => [`params.${name}`, weight]);
  const executable = await backend.compile(withTaps(inceptionGraph(1)), { constants: Object.fromEntries(params) });
  const bias = weights["fc.bias"]!.data;
  try {
    for (const [run, { taps }] of Object.entries(fixture.setting<Record<string, StoredRun>>("runs"))) {
      const [name, stage] = run.split(".") as [string, keyof typeof ourRoutes];
      const image = imageOf(fixture, name, findings);
      compareResized(fixture, findings, `resized.${run}.every7`, routes[ourRoutes[stage]].resize(image, inceptionSize));
      const images = prepareImages({ ...image, count: 1, channels: 3 }, ourRoutes[stage], inceptionSize);
      const { features, spatial, logits, ...others } = await readAll(await executable.run({ images }));
      const biased = Float64Array.from(bias, (x, i) => x + logits!.data[i]!);
      const values = {
        ...others,
        pool3: features!,
        spatial: spatial!,
        logits: { shape: [1, bias.length], data: biased },
      };
      compareRun(fixture, findings, run, taps, { ...values, logits_unbiased: logits! });
    }
  } finally {
    await executable.dispose();
  }
}

/** The graph that also puts out the means over positions of its first two pools and of its blocks. */
function withTaps(graph: Graph): Graph {
  const nodes = nodesOf(graph);
  const pools = nodes.filter(({ op }) => op === "maxPool2d");
  const joined = nodes.filter(({ op }) => op === "concat");
  const blocks = ["5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b"].map((block) => `mean_Mixed_${block}`);
  const taps = ["pool_64", "pool_192"].map((name, i) => [name, pools[i]!] as const);
  const means = [...taps, ...blocks.map((name, i) => [name, joined[i]!] as const)].map(([name, tensor]) => ({
    name,
    tensor: (tensor as Tensor<"f32">).mean([2, 3]),
  }));
  return { ...graph, outputs: [...graph.outputs, ...means] };
}

/** Seeds are tried one after the other; the README's first. */
const seedsTried = 10_000;

/** An image that is stored, or one by a formula: its checksum tells which, and the seed of one of blocks. */
function imageOf(fixture: Fixture, name: string, findings: Findings) {
  const { shape_hwc, sha256_of_bytes } = fixture.setting<Record<string, StoredImage>>("images")[name]!;
  const [height, width] = shape_hwc;
  const isIt = (data: Uint8Array) => createHash("sha256").update(data).digest("hex") === sha256_of_bytes;
  const stored = `image.${name}`;
  let data = fixture.has(stored) ? Uint8Array.from(fixture.stored(stored).data) : formulaImageA(height, width);
  for (let seed = 777; !isIt(data) && seed < 777 + seedsTried; seed++) {
    data = formulaImage(height, width, seed % seedsTried);
  }
  findings.note("images", within(0, "different"), isIt(data) ? 0 : 1, name);
  return { height, width, data };
}

function compareResized(fixture: Fixture, findings: Findings, name: string, pixels: Float32Array): void {
  if (!fixture.has(name)) return;
  const kept = Array.from({ length: Math.ceil(inceptionSize / 7) }, (_, i) => i * 7);
  const data = kept.flatMap((y) =>
    kept.flatMap((x) => [...pixels.subarray((y * inceptionSize + x) * 3, (y * inceptionSize + x + 1) * 3)]),
  );
  findings.compare("resized.*", name, { shape: [kept.length, kept.length, 3], data });
}

function compareRun(
  fixture: Fixture,
  findings: Findings,
  run: string,
  taps: StoredRun["taps"],
  ours: Readonly<Record<string, Values>>,
): void {
  for (const [tap, { data }] of Object.entries(ours)) {
    const name = `${run}.${tap}`;
    if (fixture.has(name))
      findings.compare(`*.${tap}`, name, hostTensor("f32", [data.length], Float32Array.from(data)));
    const size = Math.sqrt(Array.from(data).reduce((sum, x) => sum + x * x, 0) / data.length);
    const stored = taps[tap];
    if (typeof stored !== "object") throw new Error(`${run} has no tap ${tap}`);
    noteScalar(findings, "sizes of all taps", within(1e-5, "relative"), size, stored.rms, name);
  }
  const logits = Array.from(ours.logits!.data);
  const isTop = logits.indexOf(Math.max(...logits)) === taps.top_class;
  findings.note("likeliest class", within(0, "different"), isTop ? 0 : 1, run);
}
