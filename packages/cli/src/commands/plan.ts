import { availableParallelism } from "node:os";
import { planScan } from "@dit/backend-ort";
import {
  adamwDefaults,
  ConfigError,
  countParams,
  ditSpec,
  type ModelConfig,
  multiplyAdds,
  type Precision,
} from "@dit/core";
import { imageScan, type MemoryPlan, samplerTable, settingsFrom, trainStep, typeOf } from "@dit/core/internal";
import { type ConfigSources, resolveConfig } from "../config/resolveConfig";
import { sampleSettings } from "../config/sampleSettings";
import type { TrainConfig } from "../config/trainConfig";
import { formatBytes, formatCount, formatShort } from "../output/formatNumber";
import { plannedModel } from "../plannedModel";

export interface PlanCommand {
  readonly sources: ConfigSources;
  /** Batch sizes; the config's own when there is none. */
  readonly batches: readonly number[];
  readonly precisions: readonly Precision[];
  /** Bytes that there are. */
  readonly memory?: number;
}

/** The precisions that a graph can be planned in. */
export const precisions = ["f32", "f16", "bf16"] as const satisfies readonly Precision[];

/** What one thing needs of memory. */
export interface PlanRow {
  readonly what: "train" | "sample";
  readonly batch: number;
  readonly precision: Precision;
  readonly peakBytes: number;
  readonly weightBytes: number;
  /** The train state, or the image that is sampled. */
  readonly stateBytes: number;
  readonly valueBytes: number;
  /** The largest value alive at the peak. */
  readonly largest: { readonly path: string; readonly type: string; readonly bytes: number } | null;
  /** Null where nobody said how much there is. */
  readonly fits: boolean | null;
}

export interface PlanReport {
  readonly parameters: number;
  /** Of one sample. */
  readonly multiplyAdds: { readonly forward: number; readonly trainStep: number };
  readonly memory: number | null;
  /** Whether a train step computes its blocks again instead of keeping what is in them. */
  readonly checkpoint: boolean;
  readonly rows: readonly PlanRow[];
}

/** `dit plan`: what a model will cost, from its configuration alone: nothing is made but graphs. */
export async function planCommand({ sources, batches, precisions, memory }: PlanCommand): Promise<PlanReport> {
  const { config, origins } = resolveConfig(sources);
  const model = await plannedModel(config, origins);
  const sizes = batches.length === 0 ? [config.train.batchSize] : batches;
  const { accumulate } = config.train;
  const uneven = sizes.find((size) => size % accumulate !== 0);
  if (uneven !== undefined)
    throw new ConfigError(`train.accumulate is ${accumulate}, which does not divide a batch of ${uneven}`);
  const forward = multiplyAdds(model.dit);
  const rows = precisions.flatMap((precision) =>
    sizes.flatMap((batch) =>
      (["train", "sample"] as const).map((what) =>
        rowOf(what, batch, precision, memory, planOf(what, model, config, batch, precision)),
      ),
    ),
  );
  return {
    parameters: countParams(ditSpec(model.dit)),
    multiplyAdds: { forward, trainStep: 3 * forward },
    memory: memory ?? null,
    checkpoint: config.train.checkpoint,
    rows,
  };
}

function rowOf(
  what: PlanRow["what"],
  batch: number,
  precision: Precision,
  memory: number | undefined,
  { peakBytes, weightBytes, stateBytes, valueBytes, live }: MemoryPlan,
): PlanRow {
  const top = live[0];
  const largest = top && { path: `${top.node.scope} (${top.node.op})`, type: typeOf(top.node), bytes: top.bytes };
  const fits = memory === undefined ? null : peakBytes + runtimeBytes <= memory;
  return { what, batch, precision, peakBytes, weightBytes, stateBytes, valueBytes, largest: largest ?? null, fits };
}

/** What Node and onnxruntime take before there is a tensor (docs/memory.md). */
const runtimeBytes = 150e6;

function planOf(
  what: PlanRow["what"],
  model: ModelConfig,
  config: TrainConfig,
  batch: number,
  precision: Precision,
): MemoryPlan {
  if (what === "train") {
    const { gradientClip, stepsPerCall, accumulate, checkpoint } = config.train;
    const clip = gradientClip === null ? {} : { gradientClip };
    const options = { batchSize: batch, adamw: adamwDefaults, accumulate, checkpoint, precision, ...clip };
    return planScan(trainStep(model, options), stepsPerCall);
  }
  const { sampler, ...rest } = sampleSettings(config, model);
  // What dopri5 calls, and how often, only shows in the run; one call takes what a call of any other sampler takes.
  const named = sampler === undefined || sampler === "dopri5" ? rest : { ...rest, sampler };
  const settings = settingsFrom(model, { ...named, precision });
  const scan = imageScan(model, settings, samplerTable(model, settings), batch);
  return planScan(scan, Math.min(settings.steps, sampledStepsPerCall), { threads: threadsOf(config) });
}

/** As `ort` takes them. */
function threadsOf({ backend }: TrainConfig): number {
  return (backend.kind === "ort" ? backend.threads : null) ?? availableParallelism();
}

/** As `createSampler` hands them over. */
const sampledStepsPerCall = 10;

/** A plan for people. */
export function planText({ parameters, multiplyAdds, rows }: PlanReport): string {
  const table = [
    ["", "batch", "precision", "peak", "weights", "state", "values", ""],
    ...rows.map((row) => [
      row.what,
      String(row.batch),
      row.precision,
      formatBytes(row.peakBytes),
      formatBytes(row.weightBytes),
      formatBytes(row.stateBytes),
      formatBytes(row.valueBytes),
      row.fits === false ? "does not fit" : "",
    ]),
  ];
  const widths = table[0]!.map((_, i) => Math.max(...table.map((line) => line[i]!.length)));
  const lines = table.map((line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
  return [
    `${formatCount(parameters)} parameters`,
    `${formatShort(multiplyAdds.forward)} multiply-adds per sample forward, ${formatShort(multiplyAdds.trainStep)} per sample of a train step`,
    ...lines,
  ].join("\n");
}

/**
 * @throws ConfigError for the first row that does not fit, naming what is largest and what would help
 */
export function requireFit({ rows, memory, checkpoint }: PlanReport): void {
  const row = rows.find(({ fits }) => fits === false);
  if (row === undefined || memory === null) return;
  const { what, batch, precision, peakBytes, stateBytes, largest } = row;
  // At its end onnxruntime's loop holds the state twice over, whatever the batch is.
  const held = what === "train" ? 2 * stateBytes : peakBytes - row.valueBytes;
  const fixed = held + runtimeBytes;
  const value =
    largest === null ? "" : `; the largest value is ${largest.path}, ${largest.type}, ${formatBytes(largest.bytes)}`;
  const fitting = rows
    .filter((other) => other.what === what && other.precision === precision && other.fits === true)
    .map((other) => other.batch);
  const advice =
    fixed > memory
      ? `what does not depend on the batch is too much already (state ${formatBytes(stateBytes)}): take a smaller model`
      : fitting.length > 0
        ? `batch ${Math.max(...fitting)} fits`
        : what === "train" && !checkpoint
          ? "set train.checkpoint=true or train.accumulate, lower the batch, or take a larger patch or a smaller model"
          : "lower the batch, or take a larger patch or a smaller model";
  throw new ConfigError(
    `${what} with batch ${batch} in ${precision} needs ${formatBytes(peakBytes + runtimeBytes)}, there are ${formatBytes(memory)}${value}; ${advice}`,
  );
}
