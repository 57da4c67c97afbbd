/**
 * How much faster a DiT's forward pass is with weights in integers, and how far it is off. The passes alternate in one
 * process with 200 ms of idle between them, because the thread pools of sessions disturb each other; a ratio is the median
 * of those of the rounds. Weights and inputs are the fixtures' formula's; errors are relative to the largest value in f32.
 *
 *   npm run bench:weights -- [--model DiT-B/2] [--batch 8] [--threads 2] [--rounds 7] [--weights int8,int4]
 */
import { parseArgs } from "node:util";
import { networkGraph, ort, type WeightFormat } from "@dit/backend-ort";
import { diffusionDefaults, ditConfig, type Executable, type Feeds, hostF32, type ModelConfig } from "@dit/core";
import { formulaInput, formulaInts, formulaWeights } from "@dit/testkit";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string", default: "DiT-B/2" },
    batch: { type: "string", default: "8" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "7" },
    weights: { type: "string", default: "int8,int4" },
  },
});
const [batch, threads, rounds] = [Number(flags.batch), Number(flags.threads), Number(flags.rounds)];
const config: ModelConfig = { dit: ditConfig(flags.model), diffusion: diffusionDefaults };
const { inChannels, inputSize, numClasses } = config.dit;
const feeds: Feeds = {
  x: formulaInput("x", [batch, inChannels, ...inputSize]),
  t: hostF32([batch], formulaInts("t", [batch], 1000).data),
  y: formulaInts("y", [batch], numClasses),
};

interface Candidate {
  readonly weights: WeightFormat;
  readonly executable: Executable;
  readonly output: Float32Array;
  /** Milliseconds of a pass, by round. */
  readonly times: number[];
}

const candidates: Candidate[] = [];
for (const weights of ["f32", ...flags.weights.split(",")] as WeightFormat[]) {
  const backend = await ort({ provider: "cpu", threads, weights });
  const executable = await backend.compile(networkGraph({ config }, batch), { constants: formulaWeights(config.dit) });
  const { output } = await executable.run(feeds);
  candidates.push({ weights, executable, output: (await output!.read()).data as Float32Array, times: [] });
}
for (let round = 0; round < rounds; round++)
  for (const candidate of candidates) candidate.times.push(await millisecondsOf(candidate));

const plain = candidates[0]!;
const largest = plain.output.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
console.table(
  candidates.map(({ weights, output, times }) => {
    const worst = output.reduce((most, v, i) => Math.max(most, Math.abs(v - plain.output[i]!)), 0);
    return {
      weights: `${flags.model} batch ${batch} ${weights}`,
      milliseconds: median(times).toFixed(1),
      "times f32": median(times.map((time, i) => plain.times[i]! / time)).toFixed(2),
      "largest error": `${((100 * worst) / largest).toFixed(2)}%`,
    };
  }),
);
console.log(JSON.stringify(candidates.map(({ weights, times }) => ({ weights, times }))));

/** A pass's, over at least half a second, after the other session's threads have gone to sleep. */
async function millisecondsOf({ executable }: Candidate): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 200));
  const started = performance.now();
  let calls = 0;
  do {
    const { output } = await executable.run(feeds);
    output!.dispose();
    calls++;
  } while (performance.now() - started < 500);
  return (performance.now() - started) / calls;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
