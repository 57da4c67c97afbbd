import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const probe = fileURLToPath(new URL("trainMemory.probe.ts", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Peak MB of a fresh process that trains a DiT whose activations outweigh its weights: 256 tokens of width 128. */
function peak(settings: object): number {
  const text = JSON.stringify({ hiddenSize: 128, ...settings });
  return Number(
    execFileSync(process.execPath, ["--import", tsx, probe, text], { encoding: "utf8" }).trim().split("\n").at(-1),
  );
}

// Linux tells a process its peak; elsewhere there is nothing to read.
test.runIf(process.platform === "linux")(
  "28 blocks computed again take less than 60% of the memory of those kept",
  () => {
    const [kept, again] = [false, true].map((checkpoint) => peak({ depth: 28, batchSize: 16, checkpoint })) as [
      number,
      number,
    ];
    console.log(`28 blocks, batch 16: ${kept} MB, computed again ${again} MB`);
    expect(again / kept).toBeLessThan(0.6);
  },
);

test.runIf(process.platform === "linux")("a batch in parts takes the memory of a part", () => {
  const [one, four, whole] = [
    peak({ depth: 8, batchSize: 8 }),
    peak({ depth: 8, batchSize: 32, accumulate: 4 }),
    peak({ depth: 8, batchSize: 32 }),
  ];
  console.log(`8 blocks: batch 8 ${one} MB, batch 32 in four parts ${four} MB, whole ${whole} MB`);
  // The graph is four times as long, which the runtime's own bookkeeping feels.
  expect(four / one).toBeLessThan(1.3);
  expect(four / whole).toBeLessThan(0.7);
});
