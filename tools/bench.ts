/**
 * How fast a DiT runs here, against the runtime's own matrix product. Protocol: the roof is one graph of eight chained
 * 1024-cube products with constant weights and a scalar result, on the same backend and threads; roof and model alternate
 * over seven rounds with 200 ms of idle between sessions, because their thread pools disturb each other; the figure is the
 * median of the per-round ratios, void if the roof itself varies by more than 15%.
 *
 *   npm run bench -- [--model DiT-S/2] [--batch 8] [--threads 2] [--rounds 7] [--only forward|train|sample]
 *     [--provider cpu|cuda|webgpu] [--dtype f32|f16]
 */
import { parseArgs } from "node:util";
import { type OrtProvider, ort } from "@dit/backend-ort";
import { diffusionDefaults, ditConfig, type ModelConfig, type Precision } from "@dit/core";
import { type Candidate, measure, median, type Row, roofOf } from "./bench/againstRoof";
import { chosen } from "./bench/chosen";
import { ditCandidates, ditOptions, type Setting } from "./bench/ditCandidates";

const { values: flags } = parseArgs({
  options: {
    ...ditOptions,
    provider: { type: "string", default: "cpu" },
    dtype: { type: "string", default: "f32" },
  },
});
const [batch, threads, rounds] = [Number(flags.batch), Number(flags.threads), Number(flags.rounds)];
const config: ModelConfig = { dit: ditConfig(flags.model), diffusion: diffusionDefaults };
const { forward, train } = ditCandidates;
const makes = flags.only === undefined ? [forward, train] : [chosen("only", flags.only, ditCandidates)];

const backend = await ort({ provider: flags.provider as OrtProvider, threads });
const roof = await roofOf(backend);
const rows: Row[] = [];
const setup: Record<string, number> = {};
const setting: Setting = { backend, config, batch, dtype: flags.dtype as Precision };
for (const make of makes) rows.push(await measure(await timed(() => make(setting)), roof, rounds));
await backend.dispose();

console.table(
  rows.map(({ name, ratio, gflops, roof: top, roofSpread, isVoid }) => ({
    name: `${flags.model} batch ${batch} ${name}`,
    "of the roof": `${(100 * ratio).toFixed(1)}%${isVoid ? " (void)" : ""}`,
    "GFLOP/s": median(gflops).toFixed(1),
    "roof GFLOP/s": median(top).toFixed(1),
    "roof varies by": `${(100 * roofSpread).toFixed(1)}%`,
    "seconds to set up": setup[name]!.toFixed(2),
  })),
);
console.log(JSON.stringify({ model: flags.model, batch, threads, rounds: rows, setupSeconds: setup }));

async function timed(make: () => Promise<Candidate>): Promise<Candidate> {
  const started = performance.now();
  const candidate = await make();
  setup[candidate.name] = (performance.now() - started) / 1000;
  return candidate;
}
