/**
 * How well the memory plan of a graph foretells what a process needs. Each measurement runs in a process of its own, whose
 * peak is read when it is done; what the process holds before it begins (Node and onnxruntime) is told apart.
 *
 *   npm run memory
 */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { networkGraph, ort, planGraph, planScan } from "@dit/backend-ort";
import {
  adamwDefaults,
  type DiffusionConfig,
  diffusionDefaults,
  ditConfig,
  type Feeds,
  type ModelConfig,
} from "@dit/core";
import {
  adamwScalarsAt,
  carryOf,
  disposeAll,
  firstState,
  type MemoryPlan,
  prefixed,
  splitFixed,
  stackScalars,
  trainStep,
} from "@dit/core/internal";
import { formulaInput, formulaInts, formulaWeights, peakMemory } from "@dit/testkit";

interface Case {
  readonly what: "forward" | "train";
  readonly model: string;
  readonly batch: number;
}

const cases: readonly Case[] = [
  { what: "forward", model: "DiT-S/2", batch: 8 },
  { what: "forward", model: "DiT-B/2", batch: 32 },
  { what: "forward", model: "DiT-XL/2", batch: 1 },
  { what: "train", model: "DiT-S/8", batch: 8 },
  { what: "train", model: "DiT-S/2", batch: 8 },
  { what: "train", model: "DiT-B/4", batch: 16 },
];

interface Measured {
  readonly plan: number;
  readonly before: number;
  readonly peak: number;
}

const [given] = process.argv.slice(2);
if (given === undefined) {
  const script = fileURLToPath(import.meta.url);
  const rows = cases.map((row) => {
    const words = ["--import", "tsx", script, JSON.stringify(row)];
    const { plan, before, peak } = JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8" })) as Measured;
    const megabytes = (bytes: number) => Math.round(bytes / 1e6);
    return {
      ...row,
      "planned MB": megabytes(plan),
      "measured MB": megabytes(peak - before),
      "measured / planned": ((peak - before) / plan).toFixed(2),
      "before MB": megabytes(before),
    };
  });
  console.table(rows);
} else {
  const row = JSON.parse(given) as Case;
  const config: ModelConfig<DiffusionConfig> = { dit: ditConfig(row.model), diffusion: diffusionDefaults };
  const run = row.what === "forward" ? await forward(config, row.batch) : await training(config, row.batch);
  const before = peakMemory();
  await run.run();
  process.stdout.write(JSON.stringify({ plan: run.plan.peakBytes, before, peak: peakMemory() } satisfies Measured));
}

interface Run {
  readonly plan: MemoryPlan;
  run(): Promise<void>;
}

/** Weights bound, three passes. */
async function forward(config: ModelConfig<DiffusionConfig>, batch: number): Promise<Run> {
  const backend = await ort();
  const weights = formulaWeights(config.dit);
  const graph = networkGraph({ config }, batch);
  const feeds: Feeds = {
    x: formulaInput("x", [batch, config.dit.inChannels, ...config.dit.inputSize]),
    t: formulaInput("t", [batch]),
    y: formulaInts("y", [batch], config.dit.numClasses),
  };
  return {
    plan: planGraph(graph, { constants: Object.keys(weights), threads: availableParallelism() }),
    run: async () => {
      const executable = await backend.compile(graph, { constants: weights });
      for (let i = 0; i < 3; i++) disposeAll(await executable.run(feeds));
    },
  };
}

/** Two calls of three steps. */
async function training(config: ModelConfig<DiffusionConfig>, batch: number): Promise<Run> {
  const steps = 3;
  const backend = await ort();
  const scan = trainStep(config, { batchSize: batch, adamw: adamwDefaults });
  const { fixed } = splitFixed(config, formulaWeights(config.dit));
  const constants = prefixed("fixed", fixed);
  const image = [steps, batch, config.dit.inChannels, ...config.dit.inputSize];
  const scalars = Array.from({ length: steps }, (_, i) => adamwScalarsAt(i + 1, 1e-4, adamwDefaults));
  const xs: Feeds = {
    "batch.x0": formulaInput("x0", image),
    "batch.noise": formulaInput("noise", image),
    "batch.step": formulaInts("step", [steps, batch], config.diffusion.timesteps),
    "batch.y": formulaInts("y", [steps, batch], config.dit.numClasses),
    ...stackScalars(scalars.map((row) => ({ ...prefixed("adamw", row), emaDecay: 0.9999 }))),
  };
  return {
    plan: planScan(scan, steps, { constants: Object.keys(constants) }),
    run: async () => {
      const executable = await backend.compileScan(scan, { constants });
      let carry = carryOf(config, firstState(config, 0));
      for (let call = 0; call < 2; call++) {
        const result = await executable.run({ carry, xs });
        carry = result.carry;
        disposeAll(result.ys);
      }
      disposeAll(carry);
    },
  };
}
