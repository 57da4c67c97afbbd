// Draws digits with the quickstart's model and judges them against handwritten digits that it never saw, beside as many real
// ones. Each step is a `dit` command that can be typed just as well.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = "runs/quickstart";

function dit(...args) {
  console.log(`\n$ npx dit ${args.join(" ")}`);
  const command = [join(root, "packages/cli/bin/dit.js"), ...args];
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(join(root, run))) {
  console.error(`${run} is not there: npm run quickstart trains the model`);
  process.exit(2);
}
const samples = `${run}/samples/judged.npz`;
const drawing = ["--sampler", "ddim", "--steps", "20", "--cfg", "2.5", "--batch", "100"];
dit("sample", run, "--per-class", "200", ...drawing, "--npz", samples);
dit("eval", samples, "--ref", "digits:test", "--floor", "digits", "--features", "digits", "--out", `${run}/eval`);
