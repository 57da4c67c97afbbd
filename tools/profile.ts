/**
 * Where the time of a DiT goes on onnxruntime's processor: its own profile, added up by operator, by kernel with its shapes, or by
 * module of the model. Each operation counts with the median of its runs, which includes some microseconds of measuring.
 *
 *   npm run profile -- [--what forward|train|sample] [--by operator|kernel|module] [--top 20] [--seconds 10]
 *     [--model DiT-S/2] [--batch 8] [--threads 2]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ort } from "@dit/backend-ort";
import { diffusionDefaults, ditConfig } from "@dit/core";
import { chosen } from "./bench/chosen";
import { ditCandidates } from "./bench/ditCandidates";
import { groupings, operationsOf } from "./bench/ortProfile";

const { values: flags } = parseArgs({
  options: {
    what: { type: "string", default: "forward" },
    by: { type: "string", default: "operator" },
    top: { type: "string", default: "20" },
    seconds: { type: "string", default: "10" },
    model: { type: "string", default: "DiT-S/2" },
    batch: { type: "string", default: "8" },
    threads: { type: "string", default: "2" },
  },
});
const config = { dit: ditConfig(flags.model), diffusion: diffusionDefaults };
const make = chosen("what", flags.what, ditCandidates);
const group = chosen("by", flags.by, groupings);

const folder = mkdtempSync(join(tmpdir(), "dit-profile-"));
const backend = await ort({ provider: "cpu", threads: Number(flags.threads), profile: join(folder, "trace") });
const candidate = await make({ backend, config, batch: Number(flags.batch), dtype: "f32" });
const until = performance.now() + 1000 * Number(flags.seconds);
do await candidate.run();
while (performance.now() < until);
await backend.dispose();
const operations = readdirSync(folder).flatMap((file) => operationsOf(readFileSync(join(folder, file), "utf8")));
rmSync(folder, { recursive: true });

const groups = new Map<string, number[]>();
for (const operation of operations) {
  const key = group(operation);
  groups.set(key, [...(groups.get(key) ?? []), operation.milliseconds]);
}
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const total = sum([...groups.values()].flat());
const rows = [...groups].map(([key, times]) => ({
  [flags.by]: key,
  count: times.length,
  ms: Number(sum(times).toFixed(2)),
  "ms each": Number((sum(times) / times.length).toFixed(3)),
  "of all": `${((100 * sum(times)) / total).toFixed(1)}%`,
}));
console.log(
  `${flags.model}, batch ${flags.batch}, ${candidate.name}: ${operations.length} operations, ${total.toFixed(1)} ms`,
);
console.table(rows.sort((a, b) => b.ms - a.ms).slice(0, Number(flags.top)));
