import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ort } from "@dit/backend-ort";
import { normal } from "@dit/core";
import { paramsOf } from "@dit/core/internal";
import {
  addMoments,
  covarianceOf,
  featureRows,
  foldNorms,
  formulaImage,
  formulaWeight,
  graphFeatures,
  inceptionNetwork,
  manifold,
  momentsOf,
  npzWriter,
  storedInceptionSpec,
} from "@dit/eval-fid";

// npm run bench:eval -- [--what inception|manifold|frechet]
// What an evaluation costs: seconds on the clock, seconds of the processor, and the process's peak memory.

const { values } = parseArgs({ options: { what: { type: "string", default: "inception" } } });

async function timed(what: string, work: () => unknown): Promise<number> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${what}: ${seconds.toFixed(2)} s, processor ${((user + system) / 1e6).toFixed(2)} s, peak ${peak.toFixed(0)} MiB`,
  );
  return seconds;
}

/** Rows of 2048 features of two sets that differ a little. */
const rows = (count: number, sample: number) =>
  featureRows(
    normal({ seed: 0, stream: "bench", step: 0, sample }, count * 2048).map((x) => Math.abs(x) + 0.02 * sample),
    2048,
  );

/** Batches of 16 images of 256 x 256, from bytes to features. */
async function inceptionSpeed(): Promise<void> {
  const stored = Object.entries(paramsOf(storedInceptionSpec()));
  const weights = foldNorms(Object.fromEntries(stored.map(([name, { shape }]) => [name, formulaWeight(name, shape)])));
  const backend = await ort();
  const network = await graphFeatures(await inceptionNetwork(weights, "adm", 16), backend);
  const one = formulaImage(256, 256, 1);
  const data = new Uint8Array(16 * one.length);
  for (let i = 0; i < 16; i++) data.set(one, i * one.length);
  const batch = { count: 16, height: 256, width: 256, channels: 3, data } as const;
  await network.extract(batch);
  for (let round = 0; round < 5; round++) {
    // Two at a time, as `dit eval` has them: one is resized while the other is in the network.
    const seconds = await timed("64 images", async () => {
      let running = network.extract(batch);
      for (let i = 1; i < 4; i++) {
        const before = running;
        running = network.extract(batch);
        await before;
      }
      await running;
    });
    console.log(`${(64 / seconds).toFixed(1)} images/s`);
  }
  await network.dispose();
  await backend.dispose();
}

/** Two files of statistics of 2048 features, compared by a process of its own: reading, factoring and all. */
async function frechetOfFiles(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "dit-frechet-"));
  try {
    const files: string[] = [];
    for (const sample of [0, 1]) {
      const moments = momentsOf(rows(2500, sample));
      const pieces: Uint8Array[] = [];
      const writer = npzWriter((bytes) => void pieces.push(bytes));
      await addMoments(writer, { features: { mean: moments.mean, covariance: covarianceOf(moments) } });
      await writer.finish();
      files.push(join(folder, `${sample}.npz`));
      writeFileSync(files[sample]!, Buffer.concat(pieces));
    }
    const program = fileURLToPath(new URL("frechetOfFiles.mjs", import.meta.url));
    for (const route of ["wasm", "script"]) {
      console.log(route, execFileSync(process.execPath, [program, ...files, route], { encoding: "utf8" }).trim());
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

switch (values.what) {
  case "inception":
    await inceptionSpeed();
    break;
  case "manifold": {
    const [real, fake] = [rows(10_000, 0), rows(10_000, 1)];
    await timed("precision and recall, 10,000 x 10,000 x 2048", () => console.log(manifold(real, fake, 3).precision));
    break;
  }
  case "frechet":
    await frechetOfFiles();
    break;
  default:
    throw new Error(`there is no measurement ${values.what}`);
}
