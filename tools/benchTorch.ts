/**
 * How fast a DiT runs on onnxruntime's CPU provider, against the same network written by hand in PyTorch, on as many threads:
 * the forward pass, and whole train steps with AdamW and an average of the parameters. PyTorch runs in a process of its own
 * and waits while it is not its turn. The two alternate over the rounds; the figure is the median of the per-round ratios, void
 * if PyTorch's rate varies by more than 15%. That both compute the same is checked first.
 *
 *   npm run bench:torch -- [--model DiT-S/2] [--batch 8] [--threads 2] [--rounds 7] [--only forward|train]
 *     [--python python3] [--dtype f32|bf16] [--compile]
 *
 * --dtype is what PyTorch computes in, --compile whether it compiles the network; ours is float32 as it always is on processors.
 *
 * It needs a Python with torch and safetensors: `pip install torch safetensors numpy`. --python names one that is not `python3`.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ort } from "@dit/backend-ort";
import { diffusionDefaults, ditConfig, type ModelConfig, modelToSafetensors, multiplyAdds } from "@dit/core";
import { formulaWeights } from "@dit/testkit";
import { type Candidate, measure, median, type Row } from "./bench/againstRoof";
import { chosen } from "./bench/chosen";
import { compileForward, ditOptions, forward, networkFeeds, type Setting, training } from "./bench/ditCandidates";

const { values: flags } = parseArgs({
  options: {
    ...ditOptions,
    dtype: { type: "string", default: "f32" },
    compile: { type: "boolean", default: false },
    python: { type: "string", default: "python3" },
  },
});
const [batch, threads, rounds] = [Number(flags.batch), Number(flags.threads), Number(flags.rounds)];
const dit = ditConfig(flags.model, { learnSigma: false });
const config: ModelConfig = { dit, diffusion: { ...diffusionDefaults, loss: "mse", variance: "fixedLarge" } };
const weights = formulaWeights(dit);
const feeds = networkFeeds(config, batch);
const candidates = {
  forward: async () => [forward(setting, executable), await torch.candidate("forward")] as const,
  train: async () => [await training(setting), await torch.candidate("train")] as const,
};
const makes = flags.only === undefined ? Object.values(candidates) : [chosen("only", flags.only, candidates)];

/**
 * Bytes. glibc gives the memory of each large tensor back to the system as soon as it is free, and has its pages made anew for the
 * next one, which takes PyTorch up to half of its time. Told to keep it, PyTorch is at its best.
 */
const keepMemory = String(4e9);

const backend = await ort({ provider: "cpu", threads });
const setting: Setting = { backend, config, batch, dtype: "f32" };
const executable = await compileForward(setting, weights);
const torch = await startTorch();
await requireSameOutput();
const rows: Row[] = [];
for (const make of makes) rows.push(await measure(...(await make()), rounds));
torch.stop();
await backend.dispose();

const peer = `PyTorch ${torch.version} ${flags.dtype}${flags.compile ? ", compiled" : ""}`;
console.table(
  rows.map(({ name, ratio, gflops, roof, roofSpread, isVoid }) => ({
    name: `${flags.model} batch ${batch} ${name}`,
    "times PyTorch": `${ratio.toFixed(2)}${isVoid ? " (void)" : ""}`,
    "GFLOP/s": median(gflops).toFixed(1),
    [`${peer}, GFLOP/s`]: median(roof).toFixed(1),
    "which varies by": `${(100 * roofSpread).toFixed(1)}%`,
  })),
);
console.log(JSON.stringify({ model: flags.model, batch, threads, peer, rounds: rows }));

/** PyTorch in a process of its own, which does what a line tells it and answers when it is done. */
async function startTorch() {
  const folder = mkdtempSync(join(tmpdir(), "dit-torch-"));
  const file = join(folder, "model.safetensors");
  writeFileSync(file, modelToSafetensors({ config, weights }));
  const program = fileURLToPath(new URL("bench/plain_torch_dit.py", import.meta.url));
  const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: keepMemory, MALLOC_TRIM_THRESHOLD_: keepMemory };
  const child = spawn(flags.python, [program], { env, stdio: ["pipe", "pipe", "inherit"] });
  child.on("error", (error) => {
    throw new Error(`cannot start ${flags.python} (--python names another): ${error.message}`);
  });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<string> => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error("PyTorch ended: see above, and is there `pip install torch safetensors numpy`?");
    return value;
  };
  const inputs = Object.fromEntries(Object.entries(feeds).map(([name, { data }]) => [name, Array.from(data)]));
  const { dtype, compile } = flags;
  const settings = JSON.stringify({ dit, threads, dtype, compile, weights: file, ...inputs });
  const answer = await ask(settings).finally(() => rmSync(folder, { recursive: true }));
  const { torch: version } = JSON.parse(answer);
  return {
    version: version as string,
    output: async () => JSON.parse(await ask("output")) as number[],
    candidate: async (what: string): Promise<Candidate> => {
      const run = async () => void (await ask(what));
      for (let i = 0; i < 3; i++) await run(); // the first ones choose kernels and take memory
      return { name: what, flops: (what === "train" ? 3 : 1) * 2 * multiplyAdds(dit) * batch, run };
    },
    stop: () => child.stdin.end(),
  };
}

/** @throws when the two networks are not one function: a comparison of their speeds would say nothing */
async function requireSameOutput(): Promise<void> {
  const { output } = await executable.run(feeds);
  const [ours, theirs] = [(await output!.read()).data, await torch.output()];
  const largest = theirs.reduce((a, x) => Math.max(a, Math.abs(x)), 0);
  const error = theirs.reduce((a, x, i) => Math.max(a, Math.abs(x - ours[i]!)), 0) / largest;
  const allowed = flags.dtype === "f32" ? 1e-4 : 0.05;
  if (!(error <= allowed)) throw new Error(`outputs differ by ${error} of the largest value, more than ${allowed}`);
}
