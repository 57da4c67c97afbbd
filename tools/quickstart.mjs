// Trains a small DiT on handwritten digits, draws every class, exports it to ONNX and checks the file. Each step is a
// `dit` command that can be typed just as well.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = "runs/quickstart";

function dit(...args) {
  console.log(`\n$ npx dit ${args.join(" ")}`);
  const { status } = spawnSync(process.execPath, [join(root, "packages/cli/bin/dit.js"), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

const started = performance.now();
process.chdir(root);
const drawing = ["--sampler", "ddim", "--steps", "20", "--cfg", "2.5"];
dit("train", "--config", "examples/quickstart.json", "--move-aside");
dit("sample", run, "--per-class", "8", ...drawing, "--out", `${run}/samples/final.png`);
const many = ["--per-class", "50", "--seed", "1", "--batch", "100"];
dit("sample", run, ...many, ...drawing, "--npz", `${run}/samples/final.npz`);
dit("export", run, "--out", `${run}/exported`);
dit("report", run);

const minutes = ((performance.now() - started) / 60000).toFixed(1);
console.log(`
Done in ${minutes} minutes. Look at
  ${run}/samples/final.png        ten digits, eight of each, drawn by the model that was just trained
  ${run}/report.html              the whole run: curves, samples as training went on, every setting
  ${run}/exported/onnx/model.onnx the network for any onnxruntime`);
