import { networkGraph } from "@dit/backend-ort";
import {
  adamwDefaults,
  type Comparison,
  compareBackends,
  type Deviation,
  type Graph,
  type HostTensor,
  hostF32,
  hostTensor,
  type Model,
  type ModelConfig,
  normal,
  uniform,
  uniformInts,
  type Weights,
} from "@dit/core";
import {
  adamwScalarsAt,
  carryOf,
  prefixed,
  sizeOf,
  splitFixed,
  stepGraph,
  trainingBatches,
  trainStep,
  typeOf,
} from "@dit/core/internal";
import { type ConfigSources, resolveConfig } from "../config/resolveConfig";
import { drawnData, drawnWeights } from "../drawnModel";
import { openModel } from "../findModel";
import { type BackendConfig, openBackend } from "../openBackend";
import { formatValue } from "../output/formatNumber";
import { plannedModel } from "../plannedModel";

export interface DiffCommand {
  /** A run, a checkpoint or a model file; without it, the config's model with weights that are drawn. */
  readonly model?: string;
  readonly sources: ConfigSources;
  /** The one that is right, and the one in question. */
  readonly backends: readonly [expected: BackendConfig, actual: BackendConfig];
  readonly what: "forward" | "train-step";
  readonly batch: number;
  /** Whether each node is computed from the right values of its inputs. */
  readonly isolated: boolean;
  readonly absolute: number;
  readonly relative: number;
}

/** One node, for people and programs. */
export interface DiffRow {
  readonly path: string;
  readonly op: string;
  readonly type: string;
  readonly error: number;
  /** Relative to the largest value. */
  readonly relativeError: number;
  /** In units of what passes. */
  readonly excess: number;
}

export interface DiffReport {
  readonly backends: readonly [string, string];
  readonly nodes: number;
  /** The first node beyond the tolerance. */
  readonly first: DiffRow | null;
  /** The worst node of each module, the worst module first. */
  readonly modules: readonly DiffRow[];
}

/** `dit diff`: runs one graph on two backends and says where they part. */
export async function diffCommand(command: DiffCommand): Promise<DiffReport> {
  const model = command.model === undefined ? await drawnModel(command.sources) : await openModel(command.model);
  const { graph, feeds } = command.what === "forward" ? forward(model, command.batch) : training(model, command.batch);
  const [expected, actual] = [await openBackend(command.backends[0]), await openBackend(command.backends[1])];
  try {
    const comparison = await compareBackends(graph, feeds, expected, actual, command);
    return reportOf(comparison, [expected.name, actual.name]);
  } finally {
    await Promise.all([expected.dispose(), actual.dispose()]);
  }
}

function reportOf({ deviations, first }: Comparison, backends: readonly [string, string]): DiffReport {
  const worst = new Map<string, DiffRow>();
  for (const row of deviations.map(rowOf)) {
    const module = row.path.split(".").slice(0, 2).join(".");
    if (row.excess >= (worst.get(module)?.excess ?? 0)) worst.set(module, row);
  }
  const modules = [...worst.values()].sort((a, b) => b.excess - a.excess);
  return { backends, nodes: deviations.length, first: first === undefined ? null : rowOf(first), modules };
}

function rowOf({ node, error, largest, tolerance }: Deviation): DiffRow {
  const per = (unit: number) => (error === 0 ? 0 : error / unit);
  const measured = { error, relativeError: per(largest), excess: per(tolerance) };
  return { path: node.scope, op: node.op, type: typeOf(node), ...measured };
}

/** A report for people. */
export function diffText({ backends, nodes, first, modules }: DiffReport): string {
  const line = ({ path, op, type, error, relativeError }: DiffRow) =>
    `${formatValue(error)} (${formatValue(relativeError)} of the largest value) at ${op} ${type} in ${path === "" ? "the graph" : path}`;
  return [
    `${backends.join(" and ")}, ${nodes} nodes: ${first === null ? "they agree" : `they part by ${line(first)}`}`,
    "The largest deviation of each module:",
    ...modules.slice(0, shownModules).map((row) => `  ${line(row)}`),
  ].join("\n");
}

const shownModules = 12;

async function drawnModel(sources: ConfigSources): Promise<Model> {
  const { config, origins } = resolveConfig(sources);
  const model = await plannedModel(config, origins);
  return { config: model, weights: drawnWeights(model) };
}

interface Question {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, HostTensor>>;
}

function forward({ config, weights }: Model, batch: number): Question {
  const y = config.dit.numClasses === 0 ? {} : { y: labels(config, batch) };
  const inputs = { x: images("x", config, batch), t: times(config, batch), ...y };
  return { graph: networkGraph({ config }, batch), feeds: { ...weights, ...inputs } };
}

/** What the network is told of time: a timestep of the chain, or a time of the flow. */
function times({ diffusion }: ModelConfig, batch: number): HostTensor<"f32"> {
  const key = { seed: 0, stream: "diff.t", step: 0, sample: 0 };
  return hostF32(
    [batch],
    diffusion.kind === "flow" ? uniform(key, batch) : uniformInts(key, batch, diffusion.timesteps),
  );
}

/** A step in the middle of a run: the second moments are no longer 0, so that the update divides by something. */
function training({ config, weights }: Model, batch: number): Question {
  const { trained, fixed } = splitFixed(config, weights);
  const filled = (value: number): Weights =>
    Object.fromEntries(
      Object.entries(trained).map(([name, { shape }]) => [
        name,
        hostF32(shape, new Float32Array(sizeOf(shape)).fill(value)),
      ]),
    );
  const scalars = { ...prefixed("adamw", adamwScalarsAt(100, 1e-4, adamwDefaults)), emaDecay: 0.9999 };
  const feeds = {
    ...prefixed("fixed", fixed),
    ...(carryOf(config, { step: 99, params: weights, m: filled(0), v: filled(1e-4), ema: weights }) as Weights),
    ...prefixed("batch", firstBatch(config, batch)),
    ...Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, hostF32([], [value])])),
  };
  return { graph: stepGraph(trainStep(config, { batchSize: batch, adamw: adamwDefaults })), feeds };
}

function images(stream: string, { dit: { inChannels, inputSize } }: ModelConfig, batch: number): HostTensor<"f32"> {
  const shape = [batch, inChannels, ...inputSize];
  return hostTensor("f32", shape, normal({ seed: 0, stream: `diff.${stream}`, step: 0, sample: 0 }, sizeOf(shape)));
}

/** The batch of a first training step on drawn images, whatever the objective is. */
function firstBatch(config: ModelConfig, batch: number): Record<string, HostTensor> {
  const stacked = trainingBatches(drawnData(config, batch), config, batch, 0).batches(0, 1);
  return Object.fromEntries(
    Object.entries(stacked).map(([name, value]) => [name, { ...value, shape: value.shape.slice(1) }]),
  );
}

function labels({ dit: { numClasses } }: ModelConfig, batch: number): HostTensor<"i32"> {
  return hostTensor("i32", [batch], uniformInts({ seed: 0, stream: "diff.y", step: 0, sample: 0 }, batch, numClasses));
}
