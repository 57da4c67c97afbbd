import { frechetDistance, gaussian, openNpz, scriptTile, storedMoments, wasmTile } from "@dit/eval-fid";
import { fileSource } from "@dit/eval-fid/node";

// node tools/frechetOfFiles.mjs REFERENCE.npz SAMPLES.npz wasm|script
// The Frechet distance of two files of statistics (mu, sigma), in a process that does nothing else: as JSON, with the seconds
// that all of it took, those of the processor, and the peak memory in MB.

const [, , reference, samples, route] = process.argv;
const tile = route === "script" ? scriptTile() : wasmTile();

async function statistics(path) {
  const source = await fileSource(path);
  const { features } = await storedMoments(await openNpz(source), path);
  await source.close();
  return gaussian(features.mean, features.covariance, tile);
}

const started = performance.now();
const { distance } = frechetDistance(await statistics(reference), await statistics(samples), tile);
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage();
const peakMB = (process.resourceUsage().maxRSS * 1024) / 1e6;
console.log(JSON.stringify({ distance, seconds, processor: (user + system) / 1e6, peakMB }));
