/**
 * The largest memory that this process has held after two train steps on onnxruntime, in MB, as its last line. A process
 * of its own, since a peak cannot be taken back.
 *
 *   tsx trainMemory.probe.ts '{"depth":28,"hiddenSize":128,"batchSize":16,"checkpoint":true}'
 */
import { readFileSync } from "node:fs";
import { ort } from "@dit/backend-ort";
import { type Dataset, diffusionDefaults, ditConfig, train } from "@dit/core";

const { depth, hiddenSize, ...settings } = JSON.parse(process.argv[2]!);
const dit = ditConfig(undefined, { depth, hiddenSize, heads: hiddenSize / 64, numClasses: 10 });

const noise: Dataset = {
  imageShape: [4, 32, 32],
  classNames: ["one"],
  size: 64,
  flip: false,
  label: () => 0,
  read: (index, out, offset) => {
    for (let i = 0; i < 4096; i++) out[offset + i] = Math.sin(index + i);
  },
};

const backend = await ort({ threads: 2 });
await train({
  model: { dit, diffusion: diffusionDefaults },
  data: noise,
  backend,
  steps: 2,
  stepsPerCall: 1,
  ...settings,
});
await backend.dispose();
const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))!;
console.log(Math.round(Number(kilobytes) / 1024));
